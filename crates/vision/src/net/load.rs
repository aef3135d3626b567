//! From the bytes of a TFLite file to operators with their constants.
//!
//! Guarantees: sizes are small enough to multiply and to allocate; constants have exactly the length of their shape.
//! Refuses to know: whether shapes fit each other. That is `plan`'s work.

use super::ModelError;
use super::flat::Table;
use std::collections::HashMap;

/// Largest number of values in one tensor; the largest of the two networks has 147,456.
const MAX_VALUES: usize = 1 << 20;
/// Tensors and operators in one file; the networks have under 400.
const MAX_PARTS: usize = 2048;

const FLOAT32: u8 = 0;
const FLOAT16: u8 = 1;
const INT32: u8 = 2;
const PADDING_SAME: u8 = 0;
const DEQUANTIZE: i32 = 6;

/// How a window meets the border.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// Zeros around, so that the output has `input / stride` pixels, rounded up.
    Same,
    /// Only whole windows.
    Valid,
}

/// What one operator does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Convolution.
    Conv { padding: Padding, stride: usize },
    /// One kernel per channel.
    Depthwise { padding: Padding, stride: usize },
    /// Largest of 2x2.
    Pool,
    /// Sum.
    Add,
    /// `max(x, 0)`.
    Relu,
    /// A slope per channel below zero.
    Prelu,
    /// Zeros around.
    Pad,
    /// The same numbers in another shape.
    Reshape,
    /// One after the other along axis 1.
    Concatenation,
}

impl Kind {
    /// Name in the schema.
    pub fn name(self) -> &'static str {
        match self {
            Self::Conv { .. } => "CONV_2D",
            Self::Depthwise { .. } => "DEPTHWISE_CONV_2D",
            Self::Pool => "MAX_POOL_2D",
            Self::Add => "ADD",
            Self::Relu => "RELU",
            Self::Prelu => "PRELU",
            Self::Pad => "PAD",
            Self::Reshape => "RESHAPE",
            Self::Concatenation => "CONCATENATION",
        }
    }

    /// The error that says why this operator is refused.
    pub fn refused(self, why: &'static str) -> ModelError {
        ModelError::Unsupported { op: self.name().to_owned(), why }
    }
}

/// One operator: indices into the tensors.
#[derive(Debug)]
pub struct Operator {
    /// What it does.
    pub kind: Kind,
    /// Tensors it reads.
    pub inputs: Vec<usize>,
    /// The tensor it writes.
    pub output: usize,
}

/// A file as far as it is used.
#[derive(Debug)]
pub struct Model {
    /// Shape of every tensor.
    pub shapes: Vec<Vec<usize>>,
    /// Float constants by tensor, half floats already widened.
    pub constants: HashMap<usize, Vec<f32>>,
    /// Whole-number constants by tensor.
    pub numbers: HashMap<usize, Vec<i32>>,
    /// In the order of execution, without the widening of constants.
    pub operators: Vec<Operator>,
    /// The one input.
    pub input: usize,
    /// In the order of the file.
    pub outputs: Vec<usize>,
}

fn damaged<T>(what: &'static str) -> Result<T, ModelError> {
    Err(ModelError::Damaged { what })
}

fn refused<T>(op: &str, why: &'static str) -> Result<T, ModelError> {
    Err(ModelError::Unsupported { op: op.to_owned(), why })
}

impl Model {
    /// Reads a whole file.
    pub fn read(file: &[u8]) -> Result<Self, ModelError> {
        if file.get(4..8) != Some(b"TFL3") {
            return damaged("it does not begin like a TFLite file");
        }
        let root = Table::root(file)?;
        if root.int(0, 0)? != 3 {
            return refused("the file format", "only version 3 is read");
        }
        let graphs = root.tables(2)?;
        let [graph] = graphs.as_slice() else { return refused("several graphs", "only one is run") };
        let codes = root.tables(1)?;
        let tensors = graph.tables(0)?;
        let operators = graph.tables(3)?;
        if tensors.len() > MAX_PARTS || operators.len() > MAX_PARTS {
            return damaged("it has too many parts");
        }
        let mut model = Self {
            shapes: tensors.iter().map(shape).collect::<Result<_, _>>()?,
            constants: HashMap::new(),
            numbers: HashMap::new(),
            operators: Vec::new(),
            input: 0,
            outputs: Vec::new(),
        };
        let [input] = model.indices(graph, 1)?[..] else { return refused("several inputs", "only one is fed") };
        model.input = input;
        model.outputs = model.indices(graph, 2)?;
        let halves = model.read_constants(&tensors, &root.tables(4)?)?;
        for operator in &operators {
            model.read_operator(operator, &codes, &halves)?;
        }
        Ok(model)
    }

    fn indices(&self, table: &Table<'_>, field: usize) -> Result<Vec<usize>, ModelError> {
        let inside = |index: i32| usize::try_from(index).ok().filter(|index| *index < self.shapes.len());
        let indices: Option<Vec<usize>> = table.ints(field)?.into_iter().map(inside).collect();
        indices.map_or_else(|| damaged("it names a tensor it does not have"), Ok)
    }

    fn length(&self, tensor: usize) -> usize {
        self.shapes[tensor].iter().product()
    }

    /// Fills the constants and returns those in half floats, which an operator will widen.
    fn read_constants<'a>(
        &mut self,
        tensors: &[Table<'a>],
        buffers: &[Table<'a>],
    ) -> Result<HashMap<usize, &'a [u8]>, ModelError> {
        let mut halves = HashMap::new();
        for (tensor, table) in tensors.iter().enumerate() {
            let buffer = usize::try_from(table.int(2, 0)?).unwrap_or(usize::MAX);
            let Some(buffer) = buffers.get(buffer) else { return damaged("a tensor names no buffer") };
            let bytes = buffer.vector(0, 1)?;
            let (kind, length) = (table.byte(1)?, self.length(tensor));
            let width_bytes = match kind {
                FLOAT32 | INT32 => 4,
                FLOAT16 => 2,
                _ => return refused("a tensor", "its numbers are neither float32, float16 nor int32"),
            };
            if bytes.is_empty() {
                continue;
            }
            if bytes.len() != length * width_bytes {
                return damaged("a constant has another length than its shape");
            }
            let (words, _) = bytes.as_chunks::<4>();
            match kind {
                FLOAT32 => {
                    self.constants.insert(tensor, words.iter().map(|word| f32::from_le_bytes(*word)).collect());
                }
                INT32 => {
                    self.numbers.insert(tensor, words.iter().map(|word| i32::from_le_bytes(*word)).collect());
                }
                _ => {
                    halves.insert(tensor, bytes);
                }
            }
        }
        Ok(halves)
    }

    fn read_operator(
        &mut self,
        table: &Table<'_>,
        codes: &[Table<'_>],
        halves: &HashMap<usize, &[u8]>,
    ) -> Result<(), ModelError> {
        let code = usize::try_from(table.int(0, 0)?).ok().and_then(|index| codes.get(index));
        let Some(code) = code else { return damaged("an operator has no code") };
        // Files written before the code outgrew a byte carry it in the old field only.
        let code = code.int(3, 0)?.max(i32::from(code.byte(0)?));
        let inputs = self.indices(table, 1)?;
        let [output] = self.indices(table, 2)?[..] else { return damaged("an operator has not exactly one output") };
        if code == DEQUANTIZE {
            let Some(bytes) = inputs.first().and_then(|input| halves.get(input)) else {
                return refused("DEQUANTIZE", "only half-float constants are widened");
            };
            if bytes.len() != 2 * self.length(output) {
                return damaged("a widened constant changes its length");
            }
            let (words, _) = bytes.as_chunks::<2>();
            self.constants.insert(output, words.iter().map(|word| widen(u16::from_le_bytes(*word))).collect());
            return Ok(());
        }
        let kind = kind(code, table.table(4)?)?;
        self.operators.push(Operator { kind, inputs, output });
        Ok(())
    }
}

fn shape(tensor: &Table<'_>) -> Result<Vec<usize>, ModelError> {
    let sides: Vec<usize> = tensor.ints(0)?.into_iter().map(|side| usize::try_from(side).unwrap_or(0)).collect();
    let values = sides.iter().try_fold(1_usize, |product, side| product.checked_mul(*side));
    match values {
        Some(1..=MAX_VALUES) if sides.len() <= 4 => Ok(sides),
        _ => damaged("a tensor has an impossible shape"),
    }
}

/// Field numbers of the option tables are those of the schema.
pub(super) fn kind(code: i32, options: Option<Table<'_>>) -> Result<Kind, ModelError> {
    let byte = |field| options.map_or(Ok(0), |table| table.byte(field));
    let int = |field, default| options.map_or(Ok(default), |table| table.int(field, default));
    let window = |kind: Kind| {
        let padding = if byte(0)? == PADDING_SAME { Padding::Same } else { Padding::Valid };
        match (int(1, 0)?, int(2, 0)?) {
            (across @ 1..=8, down) if across == down => Ok((padding, across as usize)),
            _ => Err(kind.refused("strides differ or are not 1 to 8")),
        }
    };
    let plain = |kind: Kind, field| {
        if byte(field)? == 0 { Ok(kind) } else { Err(kind.refused("an activation is fused in")) }
    };
    match code {
        0 => plain(Kind::Add, 0),
        2 => match int(0, 0)? {
            1 => plain(Kind::Concatenation, 1),
            _ => Err(Kind::Concatenation.refused("only axis 1 is joined")),
        },
        3 => {
            let (padding, stride) = window(Kind::Conv { padding: Padding::Same, stride: 1 })?;
            let kind = plain(Kind::Conv { padding, stride }, 3)?;
            if int(4, 1)? == 1 && int(5, 1)? == 1 { Ok(kind) } else { Err(kind.refused("it is dilated")) }
        }
        4 => {
            let (padding, stride) = window(Kind::Depthwise { padding: Padding::Same, stride: 1 })?;
            let kind = plain(Kind::Depthwise { padding, stride }, 4)?;
            if int(3, 0)? != 1 {
                return Err(kind.refused("channels are multiplied"));
            }
            if int(5, 1)? == 1 && int(6, 1)? == 1 { Ok(kind) } else { Err(kind.refused("it is dilated")) }
        }
        17 => {
            let (_, stride) = window(Kind::Pool)?;
            if stride == 2 && int(3, 0)? == 2 && int(4, 0)? == 2 {
                plain(Kind::Pool, 5)
            } else {
                Err(Kind::Pool.refused("only 2x2 with stride 2 is pooled"))
            }
        }
        19 => Ok(Kind::Relu),
        22 => Ok(Kind::Reshape),
        34 => Ok(Kind::Pad),
        54 => Ok(Kind::Prelu),
        _ => refused(&format!("operator {code}"), "no kernel exists for it"),
    }
}

/// An IEEE 754 half float as a float; exact.
pub fn widen(half: u16) -> f32 {
    let sign = u32::from(half & 0x8000) << 16;
    let exponent = u32::from(half >> 10) & 0x1f;
    let fraction = u32::from(half) & 0x3ff;
    match exponent {
        // Zero and numbers below the smallest normal one: a whole multiple of 2^-24.
        0 => {
            let size = fraction as f32 / 16_777_216.0;
            if sign == 0 { size } else { -size }
        }
        0x1f => f32::from_bits(sign | 0x7f80_0000 | fraction << 13),
        _ => f32::from_bits(sign | (exponent + 112) << 23 | fraction << 13),
    }
}
