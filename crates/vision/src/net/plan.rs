//! From operators to the steps that are run: checks every shape, folds sums and activations into the convolutions
//! before them, and lets maps that are not needed at the same time share their memory.
//!
//! Guarantees: what the kernels assume of shapes holds for every step of a plan that exists.

use super::ModelError;
use super::load::{Kind, Model, Operator, Padding};
use super::ops::{BLOCK, Conv, Depthwise, LANES, Shape, Slope, WIDE, Weights};
use std::collections::HashMap;

/// The slot of the picture. It is never shared.
pub const INPUT: usize = 0;
/// Memory of all slots, in numbers; the larger network needs 1.1 million.
const MAX_STORED: usize = 1 << 23;

const DAMAGED_SHAPE: ModelError = ModelError::Damaged { what: "shapes do not fit each other" };

/// A map in a slot.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Which slot.
    pub slot: usize,
    /// Its size there.
    pub shape: Shape,
}

/// What a step computes.
#[derive(Debug)]
pub enum Work {
    /// Convolution, perhaps with a second map added.
    Conv(Conv),
    /// One kernel per channel.
    Depthwise(Depthwise),
    /// Largest of 2x2.
    Pool,
    /// Sum and activation without a convolution.
    Combine(Slope),
}

/// One step of a run.
#[derive(Debug)]
pub struct Step {
    /// What is computed.
    pub work: Work,
    /// One or two maps.
    pub reads: Vec<Place>,
    /// Slot that is written.
    pub output: usize,
    /// Size of what is written.
    pub shape: Shape,
}

/// One output of the network: maps one after the other, without unused lanes.
#[derive(Debug)]
pub struct Output {
    /// The maps.
    pub parts: Vec<Place>,
}

impl Output {
    /// Numbers it has.
    pub fn length(&self) -> usize {
        self.parts.iter().map(|part| part.shape.height * part.shape.width * part.shape.channels).sum()
    }
}

/// Everything that is known before the first run.
#[derive(Debug)]
pub struct Plan {
    /// In order.
    pub steps: Vec<Step>,
    /// Numbers each slot must hold.
    pub slots: Vec<usize>,
    /// Numbers the convolutions need to lay out their inputs.
    pub scratch: usize,
    /// Length of the longest row any depthwise convolution reads.
    pub longest_row: usize,
    /// In the order of the file.
    pub outputs: Vec<Output>,
}

/// A step whose maps are still tensors of the file.
struct Node {
    work: Work,
    reads: Vec<usize>,
    output: usize,
}

impl Node {
    /// The slopes, as long as nothing was folded in that would come before what is to be folded in now.
    fn open_slope(&mut self) -> Option<&mut Slope> {
        let slope = match &mut self.work {
            Work::Conv(conv) => &mut conv.slope,
            Work::Combine(slope) => slope,
            Work::Depthwise(_) | Work::Pool => return None,
        };
        is_identity(slope).then_some(slope)
    }
}

fn identity(shape: Shape) -> Slope {
    vec![1.0; shape.lanes.next_multiple_of(WIDE)]
}

fn is_identity(slope: &Slope) -> bool {
    slope.iter().all(|value| value.to_bits() == 1.0_f32.to_bits())
}

/// Values per channel, filled up with zeros so that the widest kernel reads nothing else.
fn filled_up(values: &[f32]) -> Vec<f32> {
    let mut filled = values.to_vec();
    filled.resize(values.len().next_multiple_of(WIDE), 0.0);
    filled
}

/// Turns operators into nodes, one after the other.
struct Builder {
    model: Model,
    uses: Vec<usize>,
    nodes: Vec<Option<Node>>,
    /// Which node makes a tensor.
    makers: HashMap<usize, usize>,
    /// Maps, by the tensor that is made of them by reshaping and joining.
    joined: HashMap<usize, Vec<usize>>,
}

impl Builder {
    fn new(model: Model) -> Self {
        let mut uses = vec![0; model.shapes.len()];
        let read = model.operators.iter().flat_map(|operator| &operator.inputs);
        for tensor in read.chain(&model.outputs) {
            uses[*tensor] += 1;
        }
        Self { model, uses, nodes: Vec::new(), makers: HashMap::new(), joined: HashMap::new() }
    }

    /// A tensor of the file as a map. Only the picture is stored without unused lanes.
    fn shape(&self, tensor: usize) -> Result<Shape, ModelError> {
        let [1, height, width, channels] = self.model.shapes[tensor][..] else { return Err(DAMAGED_SHAPE) };
        let lanes = if self.is_packed(tensor) { channels } else { channels.next_multiple_of(LANES) };
        Ok(Shape { height, width, channels, lanes })
    }

    fn is_packed(&self, tensor: usize) -> bool {
        tensor == self.model.input
    }

    /// The map an operator reads: it must have been made before.
    fn read(&self, kind: Kind, tensor: usize) -> Result<Shape, ModelError> {
        let shape = self.shape(tensor)?;
        if self.makers.contains_key(&tensor) || self.is_packed(tensor) {
            Ok(shape)
        } else {
            Err(kind.refused("it reads something that is not a map"))
        }
    }

    /// The same for kernels that work in whole lanes.
    fn read_lanes(&self, kind: Kind, tensor: usize) -> Result<Shape, ModelError> {
        let shape = self.read(kind, tensor)?;
        if shape.lanes % LANES == 0 { Ok(shape) } else { Err(kind.refused("only convolutions read the picture")) }
    }

    fn constant(&self, kind: Kind, tensor: usize) -> Result<&[f32], ModelError> {
        self.model.constants.get(&tensor).map(Vec::as_slice).ok_or_else(|| kind.refused("its weights are not constant"))
    }

    fn push(&mut self, node: Node) {
        self.makers.insert(node.output, self.nodes.len());
        self.nodes.push(Some(node));
    }

    /// Takes the node that makes `tensor` out of the order, when `fits` and nobody else reads the tensor.
    fn take(&mut self, tensor: usize, fits: impl FnOnce(&mut Node) -> bool) -> Option<Node> {
        let index = *self.makers.get(&tensor)?;
        let node = self.nodes.get_mut(index)?;
        if self.uses[tensor] != 1 || !node.as_mut().is_some_and(fits) {
            return None;
        }
        self.makers.remove(&tensor);
        node.take()
    }

    fn add(&mut self, operator: &Operator) -> Result<(), ModelError> {
        let kind = operator.kind;
        if self.makers.contains_key(&operator.output) || operator.output == self.model.input {
            return Err(ModelError::Damaged { what: "a tensor is made twice" });
        }
        match (kind, &operator.inputs[..]) {
            (Kind::Conv { padding, stride }, &[input, weights, bias]) => {
                self.conv(operator, (padding, stride), [input, weights, bias])
            }
            (Kind::Depthwise { padding, stride }, &[input, weights, bias]) => {
                self.depthwise(operator, (padding, stride), [input, weights, bias])
            }
            (Kind::Pool, &[input]) => self.pool(operator, input),
            (Kind::Add, &[first, second]) => self.sum(operator, [first, second]),
            (Kind::Relu, &[input]) => {
                let shape = self.read_lanes(kind, input)?;
                self.activation(operator, input, filled_up(&vec![0.0; shape.lanes]))
            }
            (Kind::Prelu, &[input, alpha]) => {
                let alpha = self.constant(kind, alpha)?;
                if alpha.len() != self.read_lanes(kind, input)?.channels {
                    return Err(kind.refused("the slope is not one value per channel"));
                }
                let slope = filled_up(alpha);
                self.activation(operator, input, slope)
            }
            (Kind::Pad, &[input, sides]) => self.pad(operator, input, sides),
            (Kind::Reshape, &[input, ..]) => self.join(operator, &[input]),
            (Kind::Concatenation, inputs) => self.join(operator, inputs),
            _ => Err(kind.refused("it has another number of inputs")),
        }
    }

    fn conv(
        &mut self,
        operator: &Operator,
        (padding, stride): (Padding, usize),
        [input, weights, bias]: [usize; 3],
    ) -> Result<(), ModelError> {
        let kind = operator.kind;
        let (from, to) = (self.read(kind, input)?, self.shape(operator.output)?);
        let [outputs, kernel_height, kernel_width, inputs] = self.model.shapes[weights][..] else {
            return Err(DAMAGED_SHAPE);
        };
        let down = window(padding, from.height, kernel_height, stride)?;
        let across = window(padding, from.width, kernel_width, stride)?;
        let bias = self.constant(kind, bias)?;
        if [down.0, across.0, outputs, inputs] != [to.height, to.width, to.channels, from.channels]
            || bias.len() != outputs
        {
            return Err(DAMAGED_SHAPE);
        }
        // A kernel of one pixel reads the map as it is stored, unused lanes and all; any other reads it laid out anew.
        let direct = (kernel_height, kernel_width, stride) == (1, 1, 1) && from.lanes.is_multiple_of(LANES);
        let length = kernel_width * inputs;
        let stored = if direct { from.lanes } else { length.next_multiple_of(BLOCK) };
        let runs = Runs { count: kernel_height, length, stored };
        let mut conv = Conv {
            spread: None,
            direct,
            kernel: [kernel_height, kernel_width],
            stride,
            before: [down.1, across.1],
            panels: panels(self.constant(kind, weights)?, outputs, runs),
            bias: filled_up(bias),
            slope: identity(to),
        };
        let mut reads = vec![input];
        let spreads = |node: &mut Node| matches!(node.work, Work::Depthwise(_));
        if direct && let Some(Node { work: Work::Depthwise(spread), reads: before, .. }) = self.take(input, spreads) {
            conv.spread = Some(spread);
            reads = before;
        }
        self.push(Node { work: Work::Conv(conv), reads, output: operator.output });
        Ok(())
    }

    fn depthwise(
        &mut self,
        operator: &Operator,
        (padding, stride): (Padding, usize),
        [input, weights, bias]: [usize; 3],
    ) -> Result<(), ModelError> {
        let kind = operator.kind;
        let (from, to) = (self.read_lanes(kind, input)?, self.shape(operator.output)?);
        if padding != Padding::Same || self.model.shapes[weights] != [1, 3, 3, from.channels] {
            return Err(kind.refused("only 3x3 with zeros around is computed"));
        }
        let down = window(padding, from.height, 3, stride)?;
        let across = window(padding, from.width, 3, stride)?;
        let bias = self.constant(kind, bias)?;
        if [down.0, across.0, to.channels, bias.len()] != [to.height, to.width, from.channels, from.channels] {
            return Err(DAMAGED_SHAPE);
        }
        let taps: Vec<_> = self.constant(kind, weights)?.chunks(from.channels).map(filled_up).collect();
        let depthwise = Depthwise {
            stride,
            before: [down.1, across.1],
            weights: taps.try_into().map_err(|_| DAMAGED_SHAPE)?,
            bias: filled_up(bias),
            shape: to,
        };
        self.push(Node { work: Work::Depthwise(depthwise), reads: vec![input], output: operator.output });
        Ok(())
    }

    fn pool(&mut self, operator: &Operator, input: usize) -> Result<(), ModelError> {
        let (from, to) = (self.read_lanes(operator.kind, input)?, self.shape(operator.output)?);
        if from.height % 2 != 0 || from.width % 2 != 0 {
            return Err(operator.kind.refused("a side is odd"));
        }
        if [from.height / 2, from.width / 2, from.channels] != [to.height, to.width, to.channels] {
            return Err(DAMAGED_SHAPE);
        }
        self.push(Node { work: Work::Pool, reads: vec![input], output: operator.output });
        Ok(())
    }

    fn sum(&mut self, operator: &Operator, inputs: [usize; 2]) -> Result<(), ModelError> {
        let to = self.shape(operator.output)?;
        for input in inputs {
            if self.read_lanes(operator.kind, input)? != to {
                return Err(operator.kind.refused("the shapes differ"));
            }
        }
        let output = operator.output;
        for [other, made] in [inputs, [inputs[1], inputs[0]]] {
            let open = |node: &mut Node| {
                matches!(node.work, Work::Conv(_)) && node.reads.len() == 1 && node.open_slope().is_some()
            };
            if let Some(conv) = self.take(made, open) {
                let other = self.without_padding(other);
                self.push(Node { reads: vec![conv.reads[0], other], output, ..conv });
                return Ok(());
            }
        }
        let reads = inputs.map(|input| self.without_padding(input)).to_vec();
        self.push(Node { work: Work::Combine(identity(to)), reads, output });
        Ok(())
    }

    /// A map that is only widened by zero channels before it is added need not be widened.
    fn without_padding(&mut self, tensor: usize) -> usize {
        let only_widens =
            |node: &mut Node| matches!(&node.work, Work::Combine(slope) if is_identity(slope) && node.reads.len() == 1);
        self.take(tensor, only_widens).map_or(tensor, |node| node.reads[0])
    }

    fn activation(&mut self, operator: &Operator, input: usize, slope: Slope) -> Result<(), ModelError> {
        let output = operator.output;
        if self.shape(output)? != self.shape(input)? {
            return Err(DAMAGED_SHAPE);
        }
        if let Some(mut node) = self.take(input, |node| node.open_slope().is_some()) {
            if let Some(open) = node.open_slope() {
                *open = slope;
            }
            self.push(Node { output, ..node });
        } else {
            self.push(Node { work: Work::Combine(slope), reads: vec![input], output });
        }
        Ok(())
    }

    fn pad(&mut self, operator: &Operator, input: usize, sides: usize) -> Result<(), ModelError> {
        let (from, to) = (self.read_lanes(operator.kind, input)?, self.shape(operator.output)?);
        let sides = self.model.numbers.get(&sides).map_or(&[][..], Vec::as_slice);
        let &[0, 0, 0, 0, 0, 0, 0, more] = sides else {
            return Err(operator.kind.refused("only channels are added, at the end"));
        };
        let channels = usize::try_from(more).map(|more| from.channels + more).map_err(|_| DAMAGED_SHAPE)?;
        if [from.height, from.width, channels] != [to.height, to.width, to.channels] {
            return Err(DAMAGED_SHAPE);
        }
        self.push(Node { work: Work::Combine(identity(to)), reads: vec![input], output: operator.output });
        Ok(())
    }

    /// Reshaping keeps the order of the numbers and joining along axis 1 puts them one after the other, so both are
    /// only a list of maps, as long as nothing but the end of the network reads them.
    fn join(&mut self, operator: &Operator, inputs: &[usize]) -> Result<(), ModelError> {
        let mut parts = Vec::new();
        let mut length = 0;
        for input in inputs {
            length += self.model.shapes[*input].iter().product::<usize>();
            if operator.kind == Kind::Concatenation && self.model.shapes[*input].first() != Some(&1) {
                return Err(operator.kind.refused("there is more than one picture"));
            }
            parts.extend(self.parts(operator.kind, *input)?);
        }
        if length != self.model.shapes[operator.output].iter().product::<usize>() {
            return Err(DAMAGED_SHAPE);
        }
        self.joined.insert(operator.output, parts);
        Ok(())
    }

    fn parts(&self, kind: Kind, tensor: usize) -> Result<Vec<usize>, ModelError> {
        match self.joined.get(&tensor) {
            Some(parts) => Ok(parts.clone()),
            None => self.read(kind, tensor).map(|_| vec![tensor]),
        }
    }

    fn finish(self) -> Result<Plan, ModelError> {
        let outputs: Vec<Vec<usize>> =
            self.model.outputs.iter().map(|tensor| self.parts(Kind::Reshape, *tensor)).collect::<Result<_, _>>()?;
        let order: Vec<&Node> = self.nodes.iter().flatten().collect();
        let mut last_read: HashMap<usize, usize> = HashMap::new();
        for (index, node) in order.iter().enumerate() {
            last_read.extend(node.reads.iter().map(|tensor| (*tensor, index)));
        }
        last_read.extend(outputs.iter().flatten().map(|tensor| (*tensor, usize::MAX)));
        last_read.insert(self.model.input, usize::MAX);

        let mut slots = Slots { lengths: Vec::new(), free: Vec::new(), of: HashMap::new() };
        slots.give(self.model.input, self.shape(self.model.input)?);
        let mut plan = Plan { steps: Vec::new(), slots: Vec::new(), scratch: 0, longest_row: 0, outputs: Vec::new() };
        let mut placed = Vec::new();
        for (index, node) in order.iter().enumerate() {
            let shape = self.shape(node.output)?;
            let output = slots.give(node.output, shape).slot;
            let reads = node.reads.iter().map(|tensor| slots.place(*tensor)).collect::<Result<Vec<_>, _>>()?;
            let read = reads[0].shape;
            let mut spreads = false;
            match &node.work {
                Work::Conv(conv) => {
                    plan.scratch = plan.scratch.max(conv.scratch(read, shape));
                    spreads = conv.spread.is_some();
                }
                Work::Depthwise(_) => spreads = true,
                Work::Pool | Work::Combine(_) => {}
            }
            if spreads {
                plan.longest_row = plan.longest_row.max(read.width * read.lanes);
            }
            placed.push((reads, output, shape));
            let mut done = node.reads.clone();
            done.push(node.output);
            for tensor in done {
                if last_read.get(&tensor).is_none_or(|last| *last <= index) {
                    slots.release(tensor);
                }
            }
        }
        for parts in outputs {
            let parts = parts.into_iter().map(|tensor| slots.place(tensor)).collect::<Result<_, _>>()?;
            plan.outputs.push(Output { parts });
        }
        let steps = self.nodes.into_iter().flatten().zip(placed);
        plan.steps =
            steps.map(|(node, (reads, output, shape))| Step { work: node.work, reads, output, shape }).collect();
        plan.slots = slots.lengths;
        if plan.slots.iter().sum::<usize>() > MAX_STORED {
            return Err(ModelError::Damaged { what: "it needs too much memory" });
        }
        Ok(plan)
    }
}

/// Memory that maps take turns in.
struct Slots {
    lengths: Vec<usize>,
    free: Vec<usize>,
    of: HashMap<usize, Place>,
}

impl Slots {
    /// The smallest free slot that is large enough; else the largest, made larger.
    fn give(&mut self, tensor: usize, shape: Shape) -> Place {
        let length = shape.stored();
        let misfit = |slot: usize| {
            let has = self.lengths[slot];
            if has >= length { (0, has - length) } else { (1, length - has) }
        };
        let best = (0..self.free.len()).min_by_key(|index| misfit(self.free[*index]));
        let slot = best.map_or(self.lengths.len(), |index| self.free.swap_remove(index));
        if slot == self.lengths.len() {
            self.lengths.push(length);
        }
        self.lengths[slot] = self.lengths[slot].max(length);
        let place = Place { slot, shape };
        self.of.insert(tensor, place);
        place
    }

    fn place(&self, tensor: usize) -> Result<Place, ModelError> {
        self.of.get(&tensor).copied().ok_or(ModelError::Damaged { what: "a tensor is read before it is made" })
    }

    fn release(&mut self, tensor: usize) {
        if let Some(place) = self.of.remove(&tensor) {
            self.free.push(place.slot);
        }
    }
}

/// Size of the output and zeros before the input, along one side.
/// With stride 2 the zeros are uneven: the smaller half stands before.
fn window(padding: Padding, input: usize, kernel: usize, stride: usize) -> Result<(usize, usize), ModelError> {
    match padding {
        Padding::Same => {
            let output = input.div_ceil(stride);
            let total = ((output - 1) * stride + kernel).saturating_sub(input);
            Ok((output, total / 2))
        }
        Padding::Valid => {
            let room = input.checked_sub(kernel).ok_or(DAMAGED_SHAPE)?;
            Ok((room / stride + 1, 0))
        }
    }
}

/// The stretches a kernel reads: how many, how long, and how long with what is added to fill a block.
#[derive(Clone, Copy)]
struct Runs {
    count: usize,
    length: usize,
    stored: usize,
}

/// From `outputs x inputs` to groups of 16 outputs, in which the 16 weights of one input stand side by side.
fn panels(weights: &[f32], outputs: usize, runs: Runs) -> Vec<Vec<Weights>> {
    let rows: Vec<&[f32]> = weights.chunks(weights.len() / outputs).collect();
    let panel = |rows: &[&[f32]]| {
        let mut panel = vec![Weights([0.0; WIDE]); runs.count * runs.stored];
        for (lane, row) in rows.iter().enumerate() {
            for (to, from) in panel.chunks_exact_mut(runs.stored).zip(row.chunks_exact(runs.length)) {
                for (place, weight) in to.iter_mut().zip(from) {
                    place.0[lane] = *weight;
                }
            }
        }
        panel
    };
    rows.chunks(WIDE).map(panel).collect()
}

impl Plan {
    /// Checks and orders everything.
    pub fn new(model: Model) -> Result<Self, ModelError> {
        let mut builder = Builder::new(model);
        let operators = std::mem::take(&mut builder.model.operators);
        for operator in &operators {
            builder.add(operator)?;
        }
        builder.finish()
    }
}
