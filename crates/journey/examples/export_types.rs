//! Writes the TypeScript shapes of the View into the folder named first on the command line.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args_os().nth(1).ok_or("which folder?")?;
    likeness_journey::view::export_types(std::path::Path::new(&folder))?;
    Ok(())
}
