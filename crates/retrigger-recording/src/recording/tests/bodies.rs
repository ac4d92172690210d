//! Answers that are large, or CBOR.

use rstest::rstest;

use super::*;
use crate::MAX_INLINE;

fn saved(folder: &Path, calls: Vec<Call>) -> Recording {
    let recording = Recording { calls, ..event("{}") };
    recording.save(folder, &Redactor::default()).unwrap();
    recording
}

#[test]
fn large_bodies_have_files_of_their_own_and_are_read_back_exactly() {
    let folder = tempfile::tempdir().unwrap();
    let many = |what: &str| what.repeat(MAX_INLINE);
    // A map of one member with many bytes, so that what is said of its length has three bytes.
    let cbor = [&[0xA1, 0x61, b'a', 0x59, 0x80, 0x00], &*vec![0xFE; 0x8000]].concat();
    let bodies = [
        Body::from_bytes(many("a\r\n")),
        Body::from_bytes(format!("[\"{}\"]", many("b"))),
        Body::from_bytes(format!("<a>{}</a>", many("c"))),
        Body::from_bytes(vec![0xFF; MAX_INLINE + 1]),
        Body::from_bytes(cbor),
        Body::from_bytes(vec![b'd'; MAX_INLINE]),
    ];
    let calls = (1..).zip(&bodies).map(|(occurrence, body)| {
        let mut call = call("s3", body.clone());
        call.key.occurrence = occurrence;
        call
    });
    let recording = saved(folder.path(), calls.collect());
    assert_eq!(Recording::load(folder.path()).unwrap(), recording);
    let list = std::fs::read_to_string(folder.path().join("calls.jsonl")).unwrap();
    assert_eq!(list.matches("{\"file\":\"calls/GetSecretValue-").count(), 5);
    let ends: Vec<String> = names(&folder.path().join("calls"))
        .iter()
        .map(|name| name.split_once('.').unwrap().1.to_owned())
        .collect();
    let mut expected = ["txt", "json", "xml", "bin", "form.json"];
    let mut ends: Vec<&str> = ends.iter().map(String::as_str).collect();
    ends.sort_unstable();
    expected.sort_unstable();
    assert_eq!(ends, expected);
    recording.save(folder.path(), &Redactor::default()).unwrap();

    // What is recorded again without them leaves none, but what is not of a recording.
    std::fs::write(folder.path().join("calls/notes.md"), "mine").unwrap();
    saved(folder.path(), vec![call("s3", bodies[5].clone())]);
    assert_eq!(names(&folder.path().join("calls")), ["notes.md"]);
    std::fs::remove_file(folder.path().join("calls/notes.md")).unwrap();
    saved(folder.path(), vec![call("s3", bodies[0].clone())]);
    saved(folder.path(), vec![]);
    assert_eq!(names(folder.path()), ["event.json", "recording.toml"]);
}

#[test]
fn a_large_body_is_redacted_and_its_file_named() {
    let folder = tempfile::tempdir().unwrap();
    let redactor = Redactor::default();
    let filler = "x y ".repeat(MAX_INLINE);
    let body = format!("{{\"SecretString\":\"hunter2hunter2\",\"filler\":\"{filler}\"}}");
    let mut recording = event("{\"echo\":\"hunter2hunter2\"}");
    recording.calls = vec![call("secretsmanager", Body::from_bytes(body))];
    let error = recording.save(folder.path(), &redactor).unwrap_err().to_string();
    assert!(error.contains("calls/GetSecretValue-") && error.contains("secret"), "{error}");
    assert_eq!(names(folder.path()), [""; 0]);
    recording.redact(&redactor).unwrap();
    recording.save(folder.path(), &redactor).unwrap();
    let [file] = names(&folder.path().join("calls")).try_into().unwrap();
    let path = folder.path().join("calls").join(&file);
    let bytes = std::fs::read(path).unwrap();
    assert!(bytes.starts_with(b"{\"SecretString\":\"<secret:1>\",\"filler\":\"x y "));
    assert_eq!(redactor.scan_file(&bytes).unwrap(), []);
    let places = recording.manifest.redactions.iter().map(|one| (&*one.file, &*one.pointer));
    let places: Vec<_> = places.collect();
    assert_eq!(places, [(&*format!("calls/{file}"), "/SecretString"), ("event.json", "/echo")]);
    assert_eq!(Recording::load(folder.path()).unwrap(), recording);
}

#[test]
fn cbor_is_still_cbor_when_it_is_redacted() {
    use ciborium::Value as Cbor;
    let member = |name: &str, value: Cbor| (Cbor::Text(name.into()), value);
    let secret = [
        member("SecretString", Cbor::Text("hunter2hunter2".into())),
        member("password", Cbor::Bytes(b"\xFFhunter2hunter2".to_vec())),
        member("n", Cbor::Float(1.5)),
    ];
    let mut bytes = Vec::new();
    ciborium::into_writer(&Cbor::Map(secret.into()), &mut bytes).unwrap();
    let mut recording = event("{}");
    recording.calls = vec![call("secretsmanager", Body::from_bytes(bytes))];
    recording.redact(&Redactor::default()).unwrap();
    let redacted: Cbor =
        ciborium::from_reader(recording.calls[0].response.body.as_bytes()).unwrap();
    let members = redacted.into_map().unwrap();
    assert_eq!(members[0], member("SecretString", Cbor::Text("<secret:1>".into())));
    assert_eq!(members[1], member("password", Cbor::Bytes(b"<password:2>".to_vec())));
    assert_eq!(members[2], member("n", Cbor::Float(1.5)));
    let folder = tempfile::tempdir().unwrap();
    recording.save(folder.path(), &Redactor::default()).unwrap();
    assert_eq!(Recording::load(folder.path()).unwrap(), recording);
}

#[rstest]
#[case("calls/none.txt", "calls.jsonl:2:104: the file `calls/none.txt` is not there; restore it")]
#[case("calls/../event.json", "`calls/../event.json` is no file of the folder `calls`; name one")]
#[case("../calls/a.txt", "calls.jsonl:2:104: `../calls/a.txt` is no file of the folder `calls`")]
#[case("/etc/passwd", "`/etc/passwd` is no file of the folder `calls`")]
#[case("event.json", "`event.json` is no file of the folder `calls`")]
#[case("calls/empty.txt", "the file `calls/empty.txt` cannot be read: the file is empty")]
#[case("calls", "`calls` is no file of the folder `calls`")]
#[case("calls/link.txt", "`calls/link.txt` leaves the folder")]
#[case("calls/wrong.form.json", "the file `calls/wrong.form.json` cannot be read: not valid JSON")]
#[case("calls/file.form.json", "the file `calls/file.form.json`: it names another file")]
fn a_body_that_cannot_be_read_is_placed_where_it_is_named(
    #[case] name: &str,
    #[case] expected: &str,
) {
    let line = format!(
        r#"{{"key":{{"service":"s3","operation":"GetObject","occurrence":1}},"response":{{"status":200,"body":{{"file":"{name}"}}}}}}"#
    );
    let folder = folder_with(&[
        ("event.json", "{}"),
        ("recording.toml", "format = 1"),
        ("calls.jsonl", &format!("{{\"format\":2}}\n{line}\n")),
    ]);
    let bodies = folder.path().join("calls");
    std::fs::create_dir(&bodies).unwrap();
    std::fs::write(bodies.join("empty.txt"), "").unwrap();
    std::fs::write(bodies.join("wrong.form.json"), "{").unwrap();
    std::fs::write(bodies.join("file.form.json"), "{\"file\":\"calls/a\"}").unwrap();
    let outside = folder_with(&[("x.txt", "x")]);
    std::os::unix::fs::symlink(outside.path().join("x.txt"), bodies.join("link.txt")).unwrap();
    let error = Recording::load(folder.path()).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
}
