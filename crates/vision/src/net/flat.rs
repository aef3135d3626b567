//! Reads FlatBuffers tables, as far as a TFLite file needs them.
//!
//! Guarantees: every offset is checked before it is followed; any bytes at all give a value or [`ModelError::Damaged`].
//! Refuses to know: what the fields mean. Format: <https://flatbuffers.dev/internals/>.

use super::ModelError;

const OUTSIDE: ModelError = ModelError::Damaged { what: "an offset leads outside the file" };

fn take<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], ModelError> {
    let end = at.checked_add(N).ok_or(OUTSIDE)?;
    bytes.get(at..end).and_then(|part| part.try_into().ok()).ok_or(OUTSIDE)
}

fn read_u32(bytes: &[u8], at: usize) -> Result<u32, ModelError> {
    take(bytes, at).map(u32::from_le_bytes)
}

/// Follows the forward offset that stands at `at`.
fn follow(bytes: &[u8], at: usize) -> Result<usize, ModelError> {
    at.checked_add(read_u32(bytes, at)? as usize).filter(|to| *to < bytes.len()).ok_or(OUTSIDE)
}

/// One table of the file.
#[derive(Clone, Copy)]
pub struct Table<'a> {
    bytes: &'a [u8],
    at: usize,
    fields: usize,
    fields_bytes: usize,
}

impl<'a> Table<'a> {
    /// The outermost table.
    pub fn root(bytes: &'a [u8]) -> Result<Self, ModelError> {
        Self::new(bytes, follow(bytes, 0)?)
    }

    fn new(bytes: &'a [u8], at: usize) -> Result<Self, ModelError> {
        let back = i64::from(i32::from_le_bytes(take(bytes, at)?));
        let fields = usize::try_from(at as i64 - back).map_err(|_| OUTSIDE)?;
        let fields_bytes = usize::from(u16::from_le_bytes(take(bytes, fields)?));
        Ok(Self { bytes, at, fields, fields_bytes })
    }

    /// Place of field `index`; `None` when the writer left it at its default.
    fn field(&self, index: usize) -> Result<Option<usize>, ModelError> {
        let entry = 4 + 2 * index;
        if entry + 2 > self.fields_bytes {
            return Ok(None);
        }
        let offset = u16::from_le_bytes(take(self.bytes, self.fields + entry)?);
        Ok((offset != 0).then_some(self.at + usize::from(offset)))
    }

    /// A 32-bit field.
    pub fn int(&self, index: usize, default: i32) -> Result<i32, ModelError> {
        self.field(index)?.map_or(Ok(default), |at| take(self.bytes, at).map(i32::from_le_bytes))
    }

    /// An 8-bit field.
    pub fn byte(&self, index: usize) -> Result<u8, ModelError> {
        self.field(index)?.map_or(Ok(0), |at| take::<1>(self.bytes, at).map(|byte| byte[0]))
    }

    /// A field that is a table.
    pub fn table(&self, index: usize) -> Result<Option<Self>, ModelError> {
        self.field(index)?.map(|at| follow(self.bytes, at).and_then(|at| Self::new(self.bytes, at))).transpose()
    }

    /// The bytes of a vector whose elements take `element_bytes` each; empty when absent.
    pub fn vector(&self, index: usize, element_bytes: usize) -> Result<&'a [u8], ModelError> {
        let Some(at) = self.field(index)? else { return Ok(&[]) };
        let at = follow(self.bytes, at)?;
        let length = (read_u32(self.bytes, at)? as usize).checked_mul(element_bytes).ok_or(OUTSIDE)?;
        let start = at + 4;
        self.bytes.get(start..start.checked_add(length).ok_or(OUTSIDE)?).ok_or(OUTSIDE)
    }

    /// A vector of whole numbers.
    pub fn ints(&self, index: usize) -> Result<Vec<i32>, ModelError> {
        let (numbers, _) = self.vector(index, 4)?.as_chunks::<4>();
        Ok(numbers.iter().map(|number| i32::from_le_bytes(*number)).collect())
    }

    /// A vector of tables.
    pub fn tables(&self, index: usize) -> Result<Vec<Self>, ModelError> {
        let offsets = self.vector(index, 4)?;
        // The offsets count from where each of them stands, so the place in the whole file is needed.
        let start = offsets.as_ptr() as usize - self.bytes.as_ptr() as usize;
        let count = offsets.len() / 4;
        if count == 0 {
            return Ok(Vec::new());
        }
        (0..count).map(|each| follow(self.bytes, start + 4 * each).and_then(|at| Self::new(self.bytes, at))).collect()
    }
}
