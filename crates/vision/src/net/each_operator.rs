//! Every operator, alone and folded together, against a plain computation; and every form that is refused.

use super::dispatch::Cpu;
use super::flat::Table;
use super::load::{Kind, Model, Operator, Padding, kind, widen};
use super::{DETECTOR, MESH, ModelError, Network};
use std::collections::HashMap;

/// Largest side and channel count that is tried.
const MOST: u64 = 17;
const ROUNDS: usize = 150;

/// Chance from a seed (splitmix64). `LIKENESS_SEED` replays a run.
struct Dice(u64);

impl Dice {
    fn new() -> Self {
        let seed = std::env::var("LIKENESS_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_261_124);
        println!("LIKENESS_SEED={seed}");
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn size(&mut self) -> usize {
        (1 + self.next() % MOST) as usize
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[(self.next() % choices.len() as u64) as usize]
    }

    fn values(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| (self.next() >> 40) as f32 / 8_388_608.0 - 1.0).collect()
    }
}

/// A small network under construction.
struct Drawing {
    model: Model,
}

impl Drawing {
    fn new(height: usize, width: usize, channels: usize) -> Self {
        let shapes = vec![vec![1, height, width, channels]];
        let (constants, numbers) = (HashMap::new(), HashMap::new());
        Self { model: Model { shapes, constants, numbers, operators: Vec::new(), input: 0, outputs: Vec::new() } }
    }

    fn shape(&self, tensor: usize) -> [usize; 4] {
        self.model.shapes[tensor][..].try_into().unwrap()
    }

    fn tensor(&mut self, shape: &[usize]) -> usize {
        self.model.shapes.push(shape.to_vec());
        self.model.shapes.len() - 1
    }

    fn constant(&mut self, dice: &mut Dice, shape: &[usize]) -> usize {
        let tensor = self.tensor(shape);
        self.model.constants.insert(tensor, dice.values(shape.iter().product()));
        tensor
    }

    fn apply(&mut self, kind: Kind, inputs: Vec<usize>, shape: &[usize]) -> usize {
        let output = self.tensor(shape);
        self.model.operators.push(Operator { kind, inputs, output });
        output
    }

    fn conv(&mut self, dice: &mut Dice, input: usize, outputs: usize, kernel: usize, form: (Padding, usize)) -> usize {
        let [_, height, width, channels] = self.shape(input);
        let (padding, stride) = form;
        let side = |side: usize| match padding {
            Padding::Same => side.div_ceil(stride),
            Padding::Valid => (side - kernel) / stride + 1,
        };
        let weights = self.constant(dice, &[outputs, kernel, kernel, channels]);
        let bias = self.constant(dice, &[outputs]);
        let shape = [1, side(height), side(width), outputs];
        self.apply(Kind::Conv { padding, stride }, vec![input, weights, bias], &shape)
    }

    /// A map in lanes to start from, for operators that do not read the picture.
    fn start(dice: &mut Dice, even: bool) -> (Self, usize) {
        let step = if even { 2 } else { 1 };
        let (height, width) = (step * dice.size(), step * dice.size());
        let mut drawing = Self::new(height, width, 3);
        let outputs = dice.size();
        let map = drawing.conv(dice, 0, outputs, 1, (Padding::Same, 1));
        (drawing, map)
    }

    fn depthwise(&mut self, dice: &mut Dice, input: usize, stride: usize) -> usize {
        let [_, height, width, channels] = self.shape(input);
        let weights = self.constant(dice, &[1, 3, 3, channels]);
        let bias = self.constant(dice, &[channels]);
        let shape = [1, height.div_ceil(stride), width.div_ceil(stride), channels];
        self.apply(Kind::Depthwise { padding: Padding::Same, stride }, vec![input, weights, bias], &shape)
    }

    fn pad(&mut self, input: usize, sides: [i32; 8]) -> usize {
        let numbers = self.tensor(&[4, 2]);
        self.model.numbers.insert(numbers, sides.to_vec());
        let [_, height, width, channels] = self.shape(input);
        self.apply(Kind::Pad, vec![input, numbers], &[1, height, width, channels + sides[7] as usize])
    }

    fn same_shape(&mut self, kind: Kind, inputs: Vec<usize>) -> usize {
        let shape = self.shape(inputs[0]);
        self.apply(kind, inputs, &shape)
    }

    fn prelu(&mut self, dice: &mut Dice, input: usize) -> usize {
        let alpha = self.constant(dice, &[1, 1, self.shape(input)[3]]);
        self.same_shape(Kind::Prelu, vec![input, alpha])
    }

    fn ending(mut self, outputs: &[usize]) -> Model {
        self.model.outputs = outputs.to_vec();
        self.model
    }
}

/// Every operator written as its definition, without a thought for speed.
fn plain(model: &Model, input: &[f32]) -> Vec<Vec<f32>> {
    let mut values = model.constants.clone();
    values.insert(model.input, input.to_vec());
    for operator in &model.operators {
        let read = |index: usize| &values[&operator.inputs[index]];
        let output = &model.shapes[operator.output];
        let made = match operator.kind {
            Kind::Conv { padding, stride } | Kind::Depthwise { padding, stride } => {
                let own_channel = matches!(operator.kind, Kind::Depthwise { .. });
                let from: [usize; 4] = model.shapes[operator.inputs[0]][..].try_into().unwrap();
                let kernel: [usize; 4] = model.shapes[operator.inputs[1]][..].try_into().unwrap();
                let to: [usize; 4] = output[..].try_into().unwrap();
                convolved([read(0), read(1), read(2)], from, kernel, to, (padding, stride, own_channel))
            }
            Kind::Pool => {
                let [_, _, width, channels]: [usize; 4] = model.shapes[operator.inputs[0]][..].try_into().unwrap();
                let at = |y: usize, x: usize, c: usize| read(0)[(y * width + x) * channels + c];
                each(output, |y, x, c| {
                    [(0, 0), (0, 1), (1, 0), (1, 1)]
                        .map(|(dy, dx)| at(2 * y + dy, 2 * x + dx, c))
                        .into_iter()
                        .fold(f32::MIN, f32::max)
                })
            }
            Kind::Add => read(0).iter().zip(read(1)).map(|(a, b)| a + b).collect(),
            Kind::Relu => read(0).iter().map(|value| value.max(0.0)).collect(),
            Kind::Prelu => {
                let alpha = read(1);
                let bend =
                    |(at, value): (usize, &f32)| if *value < 0.0 { value * alpha[at % alpha.len()] } else { *value };
                read(0).iter().enumerate().map(bend).collect()
            }
            Kind::Pad => {
                let channels = model.shapes[operator.inputs[0]][3];
                let width = output[2];
                each(output, |y, x, c| if c < channels { read(0)[(y * width + x) * channels + c] } else { 0.0 })
            }
            Kind::Reshape => read(0).clone(),
            Kind::Concatenation => operator.inputs.iter().flat_map(|input| values[input].clone()).collect(),
        };
        values.insert(operator.output, made);
    }
    model.outputs.iter().map(|output| values[output].clone()).collect()
}

fn each(shape: &[usize], value: impl Fn(usize, usize, usize) -> f32) -> Vec<f32> {
    let mut all = Vec::new();
    for y in 0..shape[1] {
        for x in 0..shape[2] {
            all.extend((0..shape[3]).map(|c| value(y, x, c)));
        }
    }
    all
}

fn convolved(
    [input, weights, bias]: [&Vec<f32>; 3],
    from: [usize; 4],
    kernel: [usize; 4],
    to: [usize; 4],
    (padding, stride, own_channel): (Padding, usize, bool),
) -> Vec<f32> {
    let before = |input: usize, output: usize, kernel: usize| match padding {
        Padding::Same => ((output - 1) * stride + kernel).saturating_sub(input) / 2,
        Padding::Valid => 0,
    };
    let (top, left) = (before(from[1], to[1], kernel[1]), before(from[2], to[2], kernel[2]));
    each(&to, |y, x, c| {
        let mut sum = f64::from(bias[c]);
        for ky in 0..kernel[1] {
            for kx in 0..kernel[2] {
                let (sy, sx) = ((y * stride + ky).wrapping_sub(top), (x * stride + kx).wrapping_sub(left));
                if sy >= from[1] || sx >= from[2] {
                    continue;
                }
                let pixel = &input[(sy * from[2] + sx) * from[3]..][..from[3]];
                let tap = (ky * kernel[2] + kx) * kernel[3];
                if own_channel {
                    sum += f64::from(pixel[c] * weights[tap + c]);
                } else {
                    let row = &weights[c * kernel[1] * kernel[2] * kernel[3] + tap..][..from[3]];
                    sum += pixel.iter().zip(row).map(|(a, b)| f64::from(a * b)).sum::<f64>();
                }
            }
        }
        sum as f32
    })
}

#[track_caller]
fn check(dice: &mut Dice, make: fn(&mut Dice) -> Model, because: &str) {
    for round in 0..ROUNDS {
        let seed = dice.0;
        let model = make(dice);
        let input = dice.values(model.shapes[0].iter().product());
        let expected = plain(&model, &input);
        for cpu in Cpu::every_path() {
            // The same dice make the same network again; a model is used up by planning it.
            let mut network = Network::of(make(&mut Dice(seed)), cpu).unwrap();
            network.input().copy_from_slice(&input);
            for (found, expected) in network.run().iter().zip(&expected) {
                let apart = found.iter().zip(expected).fold(0.0_f32, |most, (a, b)| most.max((a - b).abs()));
                assert_eq!(found.len(), expected.len(), "{because}, round {round}, {cpu:?}");
                assert!(apart < 1e-3, "{because}, round {round}, {cpu:?}, seed {seed}: {apart} apart");
            }
        }
    }
}

fn any_conv(dice: &mut Dice) -> Model {
    let kernel = dice.one_of(&[1, 2, 3, 5]);
    let (height, width) = (kernel + dice.size(), kernel + dice.size());
    let channels = dice.size();
    let mut drawing = Drawing::new(height, width, channels);
    let (outputs, padding, stride) =
        (dice.size(), dice.one_of(&[Padding::Same, Padding::Valid]), dice.one_of(&[1, 2, 3]));
    let output = drawing.conv(dice, 0, outputs, kernel, (padding, stride));
    drawing.ending(&[output])
}

#[test]
fn each_operator_computes_its_definition() {
    let mut dice = Dice::new();
    check(&mut dice, any_conv, "convolution of the picture");
    check(
        &mut dice,
        |dice| {
            let (mut drawing, map) = Drawing::start(dice, false);
            let (outputs, stride) = (dice.size(), dice.one_of(&[1, 2]));
            let output = drawing.conv(dice, map, outputs, 3, (Padding::Same, stride));
            drawing.ending(&[map, output])
        },
        "convolution of a map whose unused lanes must count as nothing",
    );
    check(
        &mut dice,
        |dice| {
            let (mut drawing, map) = Drawing::start(dice, false);
            let stride = dice.one_of(&[1, 2]);
            let output = drawing.depthwise(dice, map, stride);
            let bent = drawing.same_shape(Kind::Relu, vec![output]);
            drawing.ending(&[output, bent])
        },
        "depthwise convolution, zeros uneven with stride 2, and an activation that cannot be folded in",
    );
    check(
        &mut dice,
        |dice| {
            let (mut drawing, map) = Drawing::start(dice, true);
            let [_, height, width, channels] = drawing.shape(map);
            let output = drawing.apply(Kind::Pool, vec![map], &[1, height / 2, width / 2, channels]);
            drawing.ending(&[output])
        },
        "largest of 2x2",
    );
    check(
        &mut dice,
        |dice| {
            let (mut drawing, map) = Drawing::start(dice, false);
            let wider = drawing.pad(map, [0, 0, 0, 0, 0, 0, 0, dice.size() as i32]);
            let sum = drawing.same_shape(Kind::Add, vec![wider, wider]);
            let bent = drawing.prelu(dice, sum);
            drawing.ending(&[wider, bent])
        },
        "padding that is read elsewhere, and a map added to itself",
    );
}

#[test]
fn what_is_folded_together_computes_the_same() {
    let mut dice = Dice::new();
    check(
        &mut dice,
        |dice| {
            let (mut drawing, map) = Drawing::start(dice, false);
            let bent = drawing.prelu(dice, map);
            let seen = drawing.depthwise(dice, bent, 1);
            let channels = drawing.shape(map)[3];
            let mixed = drawing.conv(dice, seen, channels, 1, (Padding::Same, 1));
            let order = dice.one_of(&[[bent, mixed], [mixed, bent]]);
            let sum = drawing.same_shape(Kind::Add, order.to_vec());
            let output = drawing.same_shape(Kind::Relu, vec![sum]);
            drawing.ending(&[output])
        },
        "a residual block",
    );
    check(
        &mut dice,
        |dice| {
            let (mut drawing, map) = Drawing::start(dice, true);
            let [_, height, width, channels] = drawing.shape(map);
            let more = dice.size();
            let seen = drawing.depthwise(dice, map, 2);
            let mixed = drawing.conv(dice, seen, channels + more, 1, (Padding::Same, 1));
            let small = drawing.apply(Kind::Pool, vec![map], &[1, height / 2, width / 2, channels]);
            let wider = drawing.pad(small, [0, 0, 0, 0, 0, 0, 0, more as i32]);
            let sum = drawing.same_shape(Kind::Add, vec![wider, mixed]);
            let output = drawing.prelu(dice, sum);
            drawing.ending(&[output])
        },
        "a block that halves the map and has more channels, the smaller map made after the convolution",
    );
    check(
        &mut dice,
        |dice| {
            let (mut drawing, map) = Drawing::start(dice, false);
            let mixed = drawing.conv(dice, map, drawing.shape(map)[3], 1, (Padding::Same, 1));
            let sum = drawing.same_shape(Kind::Add, vec![map, mixed]);
            let bent = drawing.same_shape(Kind::Relu, vec![mixed]);
            drawing.ending(&[sum, bent, mixed])
        },
        "a convolution that several read is not folded away",
    );
    check(
        &mut dice,
        |dice| {
            let (mut drawing, map) = Drawing::start(dice, false);
            let [_, height, width, channels] = drawing.shape(map);
            let second = drawing.conv(dice, map, 2 * channels, 1, (Padding::Same, 1));
            let count = height * width;
            let flat = drawing.apply(Kind::Reshape, vec![map], &[1, count, channels]);
            let flat_second = drawing.apply(Kind::Reshape, vec![second], &[1, 2 * count, channels]);
            let joined = drawing.apply(Kind::Concatenation, vec![flat, flat_second], &[1, 3 * count, channels]);
            drawing.ending(&[joined, map])
        },
        "maps put one after the other",
    );
}

#[test]
fn a_network_of_other_forms_is_refused() {
    type Make = fn(&mut Dice, &mut Drawing, usize) -> usize;
    #[rustfmt::skip]
    let table: [(Make, &str, &str); 9] = [
        (|dice, drawing, map| {
            let [_, height, width, channels] = drawing.shape(map);
            let (weights, bias) = (drawing.constant(dice, &[1, 3, 3, channels]), drawing.constant(dice, &[channels]));
            drawing.apply(Kind::Depthwise { padding: Padding::Valid, stride: 1 }, vec![map, weights, bias], &[1, height - 2, width - 2, channels])
        }, "DEPTHWISE_CONV_2D", "only 3x3 with zeros around is computed"),
        (|_, drawing, map| drawing.apply(Kind::Pool, vec![map], &[1, 2, 2, 4]), "MAX_POOL_2D", "a side is odd"),
        (|dice, drawing, map| {
            let other = drawing.conv(dice, map, 5, 1, (Padding::Same, 1));
            drawing.same_shape(Kind::Add, vec![map, other])
        }, "ADD", "the shapes differ"),
        (|dice, drawing, map| {
            let alpha = drawing.constant(dice, &[5, 5, 4]);
            drawing.same_shape(Kind::Prelu, vec![map, alpha])
        }, "PRELU", "the slope is not one value per channel"),
        (|_, drawing, map| drawing.pad(map, [0, 0, 1, 0, 0, 0, 0, 1]), "PAD", "only channels are added, at the end"),
        (|_, drawing, map| drawing.same_shape(Kind::Prelu, vec![map, map]), "PRELU", "its weights are not constant"),
        (|_, drawing, _| drawing.same_shape(Kind::Relu, vec![0]), "RELU", "only convolutions read the picture"),
        (|_, drawing, map| drawing.same_shape(Kind::Add, vec![map]), "ADD", "it has another number of inputs"),
        (|_, drawing, map| {
            let flat = drawing.apply(Kind::Reshape, vec![map], &[1, 5, 5, 4]);
            drawing.same_shape(Kind::Relu, vec![flat])
        }, "RELU", "it reads something that is not a map"),
    ];
    for (make, op, why) in table {
        let mut dice = Dice(7);
        let mut drawing = Drawing::new(5, 5, 3);
        let map = drawing.conv(&mut dice, 0, 4, 1, (Padding::Same, 1));
        let output = make(&mut dice, &mut drawing, map);
        let found = Network::of(drawing.ending(&[output]), Cpu::Base).err();
        assert_eq!(found, Some(ModelError::Unsupported { op: op.to_owned(), why }), "{op}: {why}");
    }
}

/// A field of a table: number, bytes wide, value.
type Field = (usize, usize, i32);

/// A table of a file that has only these fields.
fn options(fields: &[Field]) -> Vec<u8> {
    let entries = 1 + fields.iter().map(|(field, ..)| *field).max().unwrap_or(0);
    let fields_bytes = 4 + 2 * entries;
    let mut offsets = vec![0_u16; entries];
    let mut body = vec![0; 4];
    for (field, width_bytes, value) in fields {
        offsets[*field] = body.len() as u16;
        body.extend_from_slice(&value.to_le_bytes()[..*width_bytes]);
        body.resize(body.len().next_multiple_of(4), 0);
    }
    body[..4].copy_from_slice(&(fields_bytes as i32).to_le_bytes());
    let mut file = ((4 + fields_bytes) as u32).to_le_bytes().to_vec();
    file.extend_from_slice(&(fields_bytes as u16).to_le_bytes());
    file.extend_from_slice(&(body.len() as u16).to_le_bytes());
    file.extend(offsets.iter().flat_map(|offset| offset.to_le_bytes()));
    file.extend(body);
    file
}

#[test]
fn options_of_other_forms_are_refused() {
    let stride = [(1, 4, 1), (2, 4, 1)];
    #[rustfmt::skip]
    let table: [(i32, Vec<Field>, &str); 11] = [
        (0,  vec![(0, 1, 1)],                                   "an activation is fused in"),
        (2,  vec![(0, 4, 3)],                                   "only axis 1 is joined"),
        (3,  vec![(1, 4, 1), (2, 4, 2)],                        "strides differ or are not 1 to 8"),
        (3,  vec![(1, 4, 9), (2, 4, 9)],                        "strides differ or are not 1 to 8"),
        (3,  [&stride[..], &[(3, 1, 1)]].concat(),              "an activation is fused in"),
        (3,  [&stride[..], &[(4, 4, 2)]].concat(),              "it is dilated"),
        (4,  [&stride[..], &[(3, 4, 2)]].concat(),              "channels are multiplied"),
        (4,  [&stride[..], &[(3, 4, 1), (6, 4, 2)]].concat(),   "it is dilated"),
        (17, vec![(1, 4, 1), (2, 4, 1), (3, 4, 2), (4, 4, 2)],  "only 2x2 with stride 2 is pooled"),
        (17, vec![(1, 4, 2), (2, 4, 2), (3, 4, 3), (4, 4, 2)],  "only 2x2 with stride 2 is pooled"),
        (32, vec![],                                            "no kernel exists for it"),
    ];
    for (code, fields, expected) in table {
        let file = options(&fields);
        match kind(code, Some(Table::root(&file).unwrap())) {
            Err(ModelError::Unsupported { why, .. }) => assert_eq!(why, expected, "operator {code} {fields:?}"),
            other => panic!("operator {code} {fields:?} must be refused: {other:?}"),
        }
    }
    let file = options(&[(0, 1, 1), (1, 4, 2), (2, 4, 2)]);
    let accepted = kind(3, Some(Table::root(&file).unwrap()));
    assert_eq!(accepted, Ok(Kind::Conv { padding: Padding::Valid, stride: 2 }), "the forms that occur are accepted");
}

#[test]
fn half_floats_are_widened_exactly() {
    #[rustfmt::skip]
    let table = [
        (0x0000_u16, 0.0,                 "zero"),
        (0x3c00,     1.0,                 "one"),
        (0xc000,     -2.0,                "sign"),
        (0x3555,     0.333_251_95,        "a third, as near as it comes"),
        (0x7bff,     65_504.0,            "the largest"),
        (0x0400,     0.000_061_035_156,   "the smallest normal one"),
        (0x0001,     0.000_000_059_604_645, "the smallest of all"),
        (0x83ff,     -0.000_060_975_55,  "below normal, negative"),
    ];
    for (half, expected, because) in table {
        assert_eq!(widen(half).to_bits(), f32::to_bits(expected), "{because}: {}", widen(half));
    }
    assert!(widen(0x7c00).is_infinite() && widen(0x7e00).is_nan(), "what is no number stays none");
}

#[test]
fn damaged_files_are_refused_or_run_but_never_panic() {
    let mut dice = Dice::new();
    let mut loaded = 0_u32;
    let files = [DETECTOR, MESH];
    for round in 0..10_000 {
        let original = files[usize::from(round % 8 == 0)];
        let mut file = original.to_vec();
        if round % 16 == 0 {
            file.truncate((dice.next() % original.len() as u64) as usize);
        }
        for _ in 0..=dice.next() % 4 {
            // Structure stands at both ends of a file, weights between; weights alone would hardly be damage.
            let end = dice.next() % 24_000;
            let place =
                if dice.next().is_multiple_of(2) { end as usize } else { file.len().saturating_sub(end as usize + 1) };
            if let Some(byte) = file.get_mut(place) {
                *byte = dice.one_of(&[0, 1, 3, 0x7f, 0x80, 0xff, dice.0 as u8]);
            }
        }
        if let Ok(mut network) = Network::load(&file, Cpu::fastest()) {
            loaded += 1;
            if loaded.is_multiple_of(64) {
                network.run();
            }
        }
    }
    println!("{loaded} of 10000 damaged files were still networks");
    assert!((1..10_000).contains(&loaded), "some damage is harmless, some is not: {loaded}");
}
