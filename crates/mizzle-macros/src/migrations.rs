//! `migrations!`: the files of a folder as part of the program.

use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;
use quote::quote;
use syn::LitStr;

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let found = syn::parse2::<LitStr>(input).and_then(|path| {
        let root = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
        files(&root.join(path.value())).map_err(|error| syn::Error::new(path.span(), error))
    });
    match found {
        Ok(files) => {
            let files = files.iter().map(|(name, file)| quote! { (#name, ::core::include_str!(#file)) });
            quote! { ::mizzle::Migrations::embedded(&[#(#files),*]) }
        }
        Err(error) => error.to_compile_error(),
    }
}

/// Each migration's name and file, in the order of their names.
fn files(folder: &Path) -> Result<Vec<(String, String)>, String> {
    let unreadable = |error| format!("{} cannot be read: {error}", folder.display());
    // Drizzle's older folders have files of their own names.
    let has_journal = folder.join("meta/_journal.json").is_file();
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if name.starts_with('.') || (has_journal && name == "meta") {
            continue;
        }
        if path.is_dir() {
            let file = path.join("migration.sql");
            if !file.is_file() {
                return Err(format!("{} is not there: a migration's folder holds it", file.display()));
            }
            files.push((name, file.display().to_string()));
        } else if let Some(stem) = name.strip_suffix(".sql").filter(|_| has_journal) {
            files.push((stem.to_owned(), path.display().to_string()));
        }
    }
    files.sort();
    Ok(files)
}
