use super::*;
use std::os::unix::fs::symlink;

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn missing_folders_are_private_and_existing_ones_keep_their_mode() {
    let root = folder();
    let shared = root.path().join("shared");
    fs::create_dir(&shared).unwrap();
    set_mode(&shared, 0o755);
    make_dir(&shared.join("a/b/../c")).unwrap();
    assert_eq!(mode(&shared), 0o755);
    for made in ["a", "a/b", "a/c"] {
        assert_eq!(mode(&shared.join(made)), 0o700, "{made}");
    }
    make_dir(&shared.join("a/c")).unwrap();
    fs::write(shared.join("file"), "").unwrap();
    let refused = make_dir(&shared.join("file")).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NotADirectory);
}

#[test]
fn folders_that_many_threads_make_at_once_are_there() {
    let root = folder();
    let deep = root.path().join("a/b/c/d");
    std::thread::scope(|all| {
        for _ in 0..16 {
            all.spawn(|| make_dir(&deep).unwrap());
        }
    });
    assert_eq!(mode(&deep), 0o700);
}

#[test]
fn every_way_to_make_a_file_makes_it_private() {
    let root = folder();
    let at = |name: &str| root.path().join(name);
    create_new(&at("new")).unwrap();
    open_append(&at("appended")).unwrap();
    make_file(&at("empty")).unwrap();
    replace(&at("replaced"), &at("draft"), b"1").unwrap();
    put_if_absent(&at("put"), &at("draft"), b"1").unwrap();
    for name in ["new", "appended", "empty", "replaced", "put"] {
        assert_eq!(mode(&at(name)), FILE_MODE, "{name}");
    }
    assert!(!at("draft").exists());
}

#[test]
fn the_mode_does_not_hang_on_the_umask() {
    let root = folder();
    // A separate process, because the umask belongs to the whole process.
    for umask in ["000", "022", "177", "277"] {
        let at = root.path().join(umask);
        let script = format!(
            "umask {umask}; exec \"$0\" --exact files::tests::makes_the_file_that_it_is_given --ignored"
        );
        let ran = std::process::Command::new("sh")
            .arg("-c")
            .arg(script)
            .arg(std::env::current_exe().unwrap())
            .env(MAKE, &at)
            .output()
            .unwrap();
        assert!(ran.status.success(), "{umask}: {ran:?}");
        assert_eq!((mode(&at), mode(&at.join("file"))), (0o700, 0o600), "{umask}");
    }
}

const MAKE: &str = "MAINSTAY_TEST_MAKE";

#[test]
#[ignore = "the child of the test above"]
fn makes_the_file_that_it_is_given() {
    let at = std::path::PathBuf::from(std::env::var_os(MAKE).unwrap());
    make_dir(&at).unwrap();
    create_new(&at.join("file")).unwrap();
}

#[test]
fn nothing_is_written_through_a_planted_link() {
    let root = folder();
    let (victim, link) = (root.path().join("victim"), root.path().join("link"));
    fs::write(&victim, "precious").unwrap();
    symlink(&victim, &link).unwrap();
    assert_eq!(create_new(&link).unwrap_err().kind(), ErrorKind::AlreadyExists);
    let refused = open_append(&link).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::PermissionDenied);
    assert!(refused.to_string().contains("symbolic link"), "{refused}");
    assert!(read(&link).is_err());
    // A replacement replaces the link itself, and so does a draft.
    let target = root.path().join("target");
    replace(&target, &link, b"new").unwrap();
    symlink(&victim, &link).unwrap();
    replace(&link, &root.path().join("draft"), b"new").unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_file());
    assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
    // A dangling link creates no file at its target.
    let nowhere = root.path().join("nowhere");
    symlink(root.path().join("planted"), &nowhere).unwrap();
    assert!(open_append(&nowhere).is_err());
    assert!(!root.path().join("planted").exists());
}

#[test]
fn what_is_no_file_is_refused_and_not_waited_for() {
    let root = folder();
    let pipe = root.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    assert_eq!(open_append(&pipe).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert!(read(&pipe).is_err());
}

#[test]
fn links_of_ours_lead_to_folders_and_those_of_others_do_not() {
    let root = folder();
    let (disk, link) = (root.path().join("disk"), root.path().join("data"));
    fs::create_dir(&disk).unwrap();
    symlink(&disk, &link).unwrap();
    make_dir(&link).unwrap();
    make_dir(&link.join("mail")).unwrap();
    assert_eq!(mode(&disk.join("mail")), 0o700);
    if geteuid().is_root() {
        std::os::unix::fs::lchown(&link, Some(12_345), None).unwrap();
        let refused = make_dir(&link).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::PermissionDenied, "{refused}");
        assert!(make_file(&link).is_err());
    }
}

#[test]
fn what_the_superuser_makes_belongs_to_the_owner_of_the_folder() {
    if !geteuid().is_root() {
        return;
    }
    let root = folder();
    std::os::unix::fs::chown(root.path(), Some(12_345), Some(54_321)).unwrap();
    make_dir(&root.path().join("a")).unwrap();
    create_new(&root.path().join("a/file")).unwrap();
    for made in ["a", "a/file"] {
        let found = fs::metadata(root.path().join(made)).unwrap();
        assert_eq!((found.uid(), found.gid()), (12_345, 54_321), "{made}");
    }
}

#[test]
fn what_a_crash_left_of_a_draft_is_replaced_and_a_file_that_is_there_is_kept() {
    let root = folder();
    let (path, draft) = (root.path().join("key"), root.path().join("draft"));
    fs::write(&draft, "half").unwrap();
    put_if_absent(&path, &draft, b"first").unwrap();
    put_if_absent(&path, &draft, b"second").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "first");
    fs::write(&draft, "half").unwrap();
    replace(&path, &draft, b"third").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "third");
    let impossible = root.path().join("no/such/folder");
    assert!(replace(&impossible, &draft, b"").is_err());
    assert!(!draft.exists());
}

#[test]
fn exposed_files_are_named_and_tightened() {
    let root = folder();
    let path = root.path().join("mainstay.db");
    assert_eq!(exposure(&path, OTHERS).unwrap(), None, "nothing is there");
    make_file(&path).unwrap();
    assert_eq!(exposure(&path, OTHERS).unwrap(), None);
    for (given, bits, left) in [
        (0o644, OTHERS, 0o600),
        (0o666, OTHERS, 0o600),
        (0o640, OTHERS, 0o600),
        (0o644, OTHERS_OF_A_LOG, 0o640),
    ] {
        set_mode(&path, given);
        let exposed = exposure(&path, bits).unwrap().unwrap();
        assert_eq!(exposed.mode, given);
        assert!(
            exposed.to_string().contains(&format!("mode {given:o}")),
            "{exposed}"
        );
        assert_eq!(exposed.fix(), format!("chmod 600 {}", path.display()));
        assert!(exposed.tighten().unwrap());
        assert_eq!(mode(&path), left);
        assert_eq!(exposure(&path, bits).unwrap(), None);
    }
    set_mode(root.path(), 0o755);
    let exposed = exposure(root.path(), OTHERS).unwrap().unwrap();
    assert!(exposed.fix().starts_with("chmod 700 "), "{}", exposed.fix());
    assert!(exposed.tighten().unwrap());
    assert_eq!(mode(root.path()), 0o700);
}
