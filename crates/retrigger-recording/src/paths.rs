//! Paths that a file names, which must stay within a folder.

use std::path::{Component, Path, PathBuf};

use crate::error::{Error, Problem, READ};

/// `path`, as written in a file, taken from `base` and confined to `root`; `base` must be `root`
/// or a folder below it. Neither `..`, nor an absolute path, nor a symbolic link leads out. What
/// the path names need not exist.
pub(crate) fn confined(root: &Path, base: &Path, path: &str) -> Result<PathBuf, Problem> {
    let leaves = || Problem::Leaves { path: path.to_owned(), root: root.to_owned() };
    let mut below: Vec<_> = base.strip_prefix(root).map_err(|_| leaves())?.components().collect();
    for component in Path::new(path).components() {
        match component {
            Component::Normal(_) => below.push(component),
            Component::CurDir => {}
            Component::ParentDir => {
                below.pop().ok_or_else(leaves)?;
            }
            Component::RootDir | Component::Prefix(_) => return Err(leaves()),
        }
    }
    let found = root.join(below.iter().collect::<PathBuf>());
    if is_linked_out(root, &found) { Err(leaves()) } else { Ok(found) }
}

/// Whether an existing path leads out of `root` by a symbolic link.
fn is_linked_out(root: &Path, path: &Path) -> bool {
    match (root.canonicalize(), path.canonicalize()) {
        (Ok(root), Ok(path)) => !path.starts_with(root),
        _ => false,
    }
}

/// Refuses a file that is a symbolic link out of `root`.
pub(crate) fn check_link(root: &Path, file: &Path) -> Result<(), Error> {
    if is_linked_out(root, file) {
        let target = file.canonicalize().map_err(|error| Error::io(file, READ, &error))?;
        let path = target.display().to_string();
        return Err(Error::new(file, Problem::Leaves { path, root: root.to_owned() }));
    }
    Ok(())
}

/// A relative path with `/` on every platform.
pub(crate) fn slashed(path: &Path) -> String {
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("b", "a", Some("a/b"))]
    #[case("../b", "a", Some("b"))]
    #[case("./b/../c", "", Some("c"))]
    #[case("../../b", "a", None)]
    #[case("/etc", "a", None)]
    #[case("b/../../../a", "a", None)]
    fn dots_stay_within(#[case] path: &str, #[case] base: &str, #[case] expected: Option<&str>) {
        let root = Path::new("root");
        let found = confined(root, &root.join(base), path).ok();
        assert_eq!(found, expected.map(|below| root.join(below)));
    }

    #[cfg(unix)]
    #[test]
    fn links_stay_within() {
        let outside = tempfile::tempdir().unwrap();
        let root = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(outside.path(), root.path().join("out")).unwrap();
        std::fs::create_dir(root.path().join("real")).unwrap();
        std::os::unix::fs::symlink("real", root.path().join("in")).unwrap();
        assert!(confined(root.path(), root.path(), "out").is_err());
        assert!(confined(root.path(), root.path(), "in").is_ok());
    }
}
