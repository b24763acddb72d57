//! `backplane storage` with the real storage module.

use crate::host::{Ended, Host, backplane, ended, module};
use backplane_test_support::cargo_build;
use serde_json::{Value as Json, json};
use std::fs;
use std::path::PathBuf;

fn host_with(more: &str) -> Host {
    Host::start(&[module("storage", &cargo_build("storage-plugin"), more)], &[])
}

/// A host whose storage has the job `cli/notes` with three keys in two categories.
fn host() -> Host {
    let host = host_with("");
    let put = |category: &str, key: &str, payload: &str| {
        let args = json!({ "job": "notes", "category": category, "key": key, "payload": payload });
        host.ok(&["call", "storage.kv.put", &args.to_string()]);
    };
    put("log", "0x0001", "0x68656c6c6f");
    put("log", "0x0002", "0x00ff");
    put("names", "0x6b6579", "0x");
    host
}

impl Host {
    fn storage(&self, args: &[&str]) -> String {
        self.ok(&[&["storage"], args].concat())
    }

    fn storage_refused(&self, args: &[&str]) -> (i32, String) {
        self.refused(&[&["storage"], args].concat())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join("data/modules/storage").join(name)
    }

    fn size(&self, job: &str) -> u64 {
        let jobs = self.json(&["storage", "jobs"]);
        let found = jobs.as_array().unwrap().iter().find(|it| it["job"] == job);
        found.unwrap()["file_bytes"].as_u64().unwrap()
    }
}

#[test]
fn jobs_are_listed_with_owners_sizes_and_keys() {
    let host = host();
    host.ok(&["call", "storage.kv.put", r#"["other", "c", "0x01", "0x02"]"#]);
    host.ok(&["call", "storage.kv.close_job", r#""other""#]);
    let table = host.storage(&["jobs"]);
    let rows: Vec<Vec<&str>> = table
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(rows[0], ["JOB", "OWNER", "OPEN", "KEYS", "FILE", "LOG", "FREE"]);
    assert_eq!(rows[1][..4], ["cli/notes", "cli", "yes", "3"]);
    assert_eq!(rows[2][..4], ["cli/other", "cli", "no", "1"]);
    assert_eq!(rows.len(), 3);

    let jobs = host.json(&["storage", "jobs"]);
    let other = &jobs[1];
    let bytes = fs::metadata(host.file("cli%2Fother.db")).unwrap().len();
    let expected = json!({
        "job": "cli/other", "owner": "cli", "open": false, "file_bytes": bytes, "log_bytes": 0,
        "free_bytes": 0, "rows": 1, "problem": null,
    });
    assert_eq!(other, &expected);
    let names = host.json(&["storage", "jobs", "--no-count"]);
    assert_eq!(
        (&names[0]["rows"], &names[0]["job"]),
        (&Json::Null, &json!("cli/notes"))
    );
    // Looking into a job leaves it as it was.
    assert!(!host.file("cli%2Fother.db-wal").exists());
}

#[test]
fn keys_are_read_one_by_one_and_in_their_order() {
    let host = host();
    assert_eq!(host.storage(&["categories", "cli/notes"]), "\"log\"\n\"names\"\n");
    assert_eq!(host.storage(&["get", "cli/notes", "log", "0x0001"]), "hello\n");
    assert_eq!(host.storage(&["get", "notes", "log", "0x0002"]), "0x00ff\n");
    assert_eq!(host.storage(&["get", "notes", "names", "key", "--raw"]), "");
    assert_eq!(host.storage(&["get", "notes", "log", "0x0001", "--raw"]), "hello");
    let payload = host.json(&["storage", "get", "notes", "log", "0x0001"]);
    assert_eq!(payload, json!("0x68656c6c6f"));

    assert_eq!(
        host.storage(&["scan", "notes", "log"]),
        "0x0001  hello\n0x0002  0x00ff\n"
    );
    for (more, expected) in [
        (&["--reverse", "--keys-only"][..], "0x0002\n0x0001\n"),
        (&["--prefix", "0x0002"], "0x0002  0x00ff\n"),
        (&["--from", "0x0002"], "0x0002  0x00ff\n"),
        (&["--to", "0x0002"], "0x0001  hello\n"),
        (&["--limit", "1"], "0x0001  hello\n"),
    ] {
        assert_eq!(
            host.storage(&[&["scan", "notes", "log"], more].concat()),
            expected
        );
    }
    assert_eq!(host.storage(&["scan", "notes", "nothing"]), "");
    assert_eq!(
        host.storage(&["scan", "notes", "names", "--json"]),
        "{\"key\":\"0x6b6579\",\"payload\":\"0x\"}\n"
    );
}

#[test]
fn a_scan_goes_on_over_many_pages() {
    let host = host_with("");
    let ops: Vec<Json> = (0..2500_u32)
        .map(
            |number| json!({ "put": { "category": "c", "key": format!("0x{number:08x}"), "payload": "0x" } }),
        )
        .collect();
    host.run_with_input(
        &["call", "storage.kv.persist", "-"],
        &json!({ "job": "many", "ops": ops }).to_string(),
    );
    assert_eq!(host.storage(&["scan", "many", "c"]).lines().count(), 2500);
    assert_eq!(
        host.storage(&["scan", "many", "c", "--limit", "1001"])
            .lines()
            .count(),
        1001
    );
    host.storage(&["export", "many", "many.jsonl"]);
    assert_eq!(
        host.storage(&["import", "again", "many.jsonl"]),
        "cli/again: 2500 rows of cli/many\n"
    );
    assert_eq!(
        host.storage(&["scan", "again", "c"]),
        host.storage(&["scan", "many", "c"])
    );
}

#[test]
fn a_row_of_many_megabytes_is_exported_and_imported() {
    let host = host_with("");
    let payload = format!("0x{}", "5a".repeat(20 << 20));
    let args = json!({ "job": "large", "category": "c", "key": "0x01", "payload": payload });
    let Ended { code, err, .. } = host.run_with_input(&["call", "storage.kv.put", "-"], &args.to_string());
    assert_eq!((code, &*err), (Some(0), ""));
    host.storage(&["export", "large", "large.jsonl"]);
    host.storage(&["import", "again", "large.jsonl"]);
    let found = host.json(&["storage", "get", "again", "c", "0x01"]);
    assert!(found == payload, "another payload came back");
}

#[test]
fn what_is_exported_is_imported_with_the_time_that_it_has_left() {
    let host = host();
    let year = 365_u64 * 86_400_000;
    let args = json!({ "job": "notes", "category": "log", "key": "0x03", "payload": "0x", "ttl_ms": year });
    host.ok(&["call", "storage.kv.put", &args.to_string()]);
    let said = host.storage(&["export", "cli/notes", "notes.jsonl"]);
    let file = host.folder.path().join("notes.jsonl");
    assert_eq!(said, format!("cli/notes: 4 rows in {}\n", file.display()));
    let text = fs::read_to_string(&file).unwrap();
    let lines: Vec<Json> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0], json!({ "backplane-export": 1, "job": "cli/notes" }));
    assert_eq!(
        lines[1],
        json!({ "category": "log", "key": "0x0001", "payload": "0x68656c6c6f" })
    );
    assert!(lines[3]["expires_ms"].as_u64().unwrap() > year);
    assert_eq!(lines[5], json!({ "rows": 4 }));

    // Of another owner, through a pipe.
    let Ended { code, out, err } = host.run_with_input(&["storage", "import", "chat/notes", "-"], &text);
    assert_eq!(
        (code, &*out, &*err),
        (Some(0), "chat/notes: 4 rows of cli/notes\n", "")
    );
    let Ended { out, err, .. } = host.run(&["storage", "export", "chat/notes"]);
    assert_eq!(err, "chat/notes: 4 rows\n");
    let again: Vec<Json> = out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(again[1..3], lines[1..3]);
    let moved = |lines: &[Json]| lines[3]["expires_ms"].as_i64().unwrap();
    assert!((moved(&again) - moved(&lines)).abs() < 60_000);

    // What is over stays away.
    let over = text.replace(&moved(&lines).to_string(), "1");
    let Ended { out, .. } = host.run_with_input(&["storage", "import", "late", "-", "--json"], &over);
    let expected = json!({ "job": "cli/late", "from": "cli/notes", "rows": 3, "expired": 1 });
    assert_eq!(serde_json::from_str::<Json>(&out).unwrap(), expected);
}

#[test]
fn an_import_overwrites_nothing_unless_asked_and_writes_nothing_of_a_bad_file() {
    let host = host();
    host.storage(&["export", "notes", "notes.jsonl"]);
    let (code, refused) = host.storage_refused(&["import", "notes", "notes.jsonl"]);
    let expected =
        "backplane: the job \"cli/notes\" has rows; --merge adds those of the file, or name another job";
    assert_eq!((code, &*refused), (4, expected));
    host.ok(&["call", "storage.kv.put", r#"["notes", "log", "0x0001", "0x00"]"#]);
    host.storage(&["import", "notes", "notes.jsonl", "--merge"]);
    assert_eq!(host.storage(&["get", "notes", "log", "0x0001"]), "hello\n");

    let file = host.folder.path().join("notes.jsonl");
    let text = fs::read_to_string(&file).unwrap();
    for (bad, problem) in [
        (
            text.replace("0x00ff", "0x00f"),
            "line 3: payload: Odd number of digits",
        ),
        (
            text.lines().take(3).collect::<Vec<_>>().join("\n"),
            "line 3: the file ends here, and its last line is missing",
        ),
        ("secret".to_owned(), "line 1: column 1: not JSON"),
    ] {
        fs::write(&file, bad).unwrap();
        let (code, refused) = host.storage_refused(&["import", "new", "notes.jsonl"]);
        assert_eq!((code, refused), (2, format!("backplane: notes.jsonl: {problem}")));
    }
    let (code, refused) = host.storage_refused(&["import", "new", "nowhere.jsonl"]);
    let expected = "backplane: nowhere.jsonl: No such file or directory (os error 2)";
    assert_eq!((code, &*refused), (2, expected));
    assert_eq!(host.storage(&["jobs"]).lines().count(), 2);

    // A row that the module refuses ends it, with what is in and what to do.
    let head = text.lines().next().unwrap();
    let long = "x".repeat(4097);
    let row = json!({ "category": long, "key": "0x", "payload": "0x" });
    fs::write(&file, format!("{head}\n{row}\n{{\"rows\":1}}\n")).unwrap();
    let (code, refused) = host.storage_refused(&["import", "new", "notes.jsonl"]);
    let expected = "backplane: category bytes has 4097, the limit is 4096; 0 of 1 rows are in cli/new, \
                    and --merge goes on with the same file";
    assert_eq!((code, &*refused), (4, expected));
}

#[test]
fn an_export_takes_the_place_of_a_file_only_when_asked() {
    let host = host();
    let file = host.folder.path().join("notes.jsonl");
    fs::write(&file, "mine").unwrap();
    let (code, refused) = host.storage_refused(&["export", "notes", "notes.jsonl"]);
    let expected = format!(
        "backplane: {} is there already; --force puts the export in its place",
        file.display()
    );
    assert_eq!((code, refused), (2, expected));
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    let said = host.json(&["storage", "export", "notes", "notes.jsonl", "--force"]);
    assert_eq!(said, json!({ "job": "cli/notes", "file": file, "rows": 3 }));
    assert!(fs::read_to_string(&file).unwrap().ends_with("{\"rows\":3}\n"));
    let (code, refused) = host.storage_refused(&["export", "notes", "no/such/folder/file"]);
    assert_eq!(code, 2, "{refused}");
    // Nothing else is left in the folder.
    let left = fs::read_dir(host.folder.path())
        .unwrap()
        .map(|it| it.unwrap().file_name());
    let mut left: Vec<_> = left.collect();
    left.sort();
    assert_eq!(left, ["bundle.toml", "data", "log", "notes.jsonl"]);
}

#[test]
fn a_backup_is_a_job_file() {
    let host = host();
    let copy = host.file("cli%2Fcopy.db");
    let said = host.json(&["storage", "backup", "notes", copy.to_str().unwrap()]);
    assert_eq!(said["bytes"], fs::metadata(&copy).unwrap().len());
    assert_eq!(
        host.storage(&["scan", "copy", "log"]),
        host.storage(&["scan", "notes", "log"])
    );
    let (code, refused) = host.storage_refused(&["backup", "notes", copy.to_str().unwrap()]);
    assert_eq!((code, &*refused), (4, "backplane: path: exists already"));
    let said = host.storage(&["backup", "notes", "beside.db"]);
    assert!(
        said.ends_with("beside.db\n") && host.folder.path().join("beside.db").exists(),
        "{said}"
    );
}

#[test]
fn a_check_finds_the_job_that_is_damaged_and_goes_on() {
    let host = host();
    host.ok(&["call", "storage.kv.put", r#"["another", "c", "0x01", "0x02"]"#]);
    assert_eq!(host.storage(&["check"]), "cli/another: sound\ncli/notes: sound\n");
    assert_eq!(
        host.json(&["storage", "check", "notes"]),
        json!({ "job": "cli/notes", "problems": [] })
    );

    host.ok(&["call", "storage.kv.close_job", r#""another""#]);
    let mut bytes = fs::read(host.file("cli%2Fanother.db")).unwrap();
    // From the second page on: the file is still taken for one of ours.
    bytes[4096..].fill(0xa5);
    fs::write(host.file("cli%2Fanother.db"), bytes).unwrap();
    let Ended { code, out, err } = host.run(&["storage", "check"]);
    assert_eq!(code, Some(1));
    assert!(
        out.starts_with("cli/another:\n  ") && out.ends_with("cli/notes: sound\n"),
        "{out}"
    );
    assert_eq!(err, "backplane: 1 of 2 jobs are not sound\n");
    let table = host.storage(&["jobs"]);
    assert!(
        table.contains("\ncli/another: ") && table.contains("is damaged"),
        "{table}"
    );
}

#[test]
fn a_file_becomes_smaller_and_keeps_what_is_in_it() {
    let host = host();
    let payload = format!("0x{}", "5a".repeat(100_000));
    let ops: Vec<Json> = (0..40_u32)
        .map(|number| json!({ "put": { "category": "big", "key": format!("0x{number:08x}"), "payload": payload } }))
        .collect();
    let args = json!({ "job": "notes", "ops": ops }).to_string();
    host.run_with_input(&["call", "storage.kv.persist", "-"], &args);
    host.ok(&[
        "call",
        "storage.kv.delete_range",
        r#"["notes", "big", {"between": {"start": "0x00000001"}}]"#,
    ]);
    host.ok(&["call", "storage.kv.close_job", r#""notes""#]);
    assert!(host.size("cli/notes") > 4_000_000);

    let done = host.json(&["storage", "compact", "notes"]);
    assert!(done["bytes_before"].as_u64().unwrap() > 4_000_000, "{done}");
    assert!(done["bytes_after"].as_u64().unwrap() < 200_000, "{done}");
    host.ok(&["call", "storage.kv.close_job", r#""notes""#]);
    assert_eq!(host.size("cli/notes"), done["bytes_after"].as_u64().unwrap());
    let said = host.storage(&["compact", "cli/notes", "--rewrite"]);
    assert!(
        said.starts_with("cli/notes: ") && said.contains(" bytes became "),
        "{said}"
    );
    assert_eq!(host.storage(&["get", "notes", "log", "0x0001"]), "hello\n");
    assert_eq!(
        host.storage(&["scan", "notes", "big", "--keys-only"]),
        "0x00000000\n"
    );
    assert_eq!(host.storage(&["check", "notes"]), "cli/notes: sound\n");
}

#[test]
fn a_job_that_is_not_there_is_told_and_not_made() {
    let host = host();
    let expected = "backplane: there is no job \"cli/note\"; did you mean \"cli/notes\"?";
    for args in [
        &["get", "note", "log", "key"][..],
        &["scan", "note", "log"],
        &["categories", "note"],
        &["export", "note"],
        &["backup", "note", "note.db"],
        &["compact", "note"],
    ] {
        assert_eq!(host.storage_refused(args), (1, expected.to_owned()), "{args:?}");
    }
    let Ended { code, out, .. } = host.run(&["storage", "check", "chat/nothing"]);
    assert_eq!(
        (code, &*out),
        (Some(1), "chat/nothing:\n  there is no job \"chat/nothing\"\n")
    );
    assert_eq!(
        host.storage_refused(&["get", "notes", "log", "0x09"]),
        (
            1,
            "backplane: there is no key 0x09 in \"log\" of job \"cli/notes\"".to_owned()
        )
    );
    assert_eq!(host.storage(&["jobs"]).lines().count(), 2);
    for args in [
        &["storage"][..],
        &["storage", "get", "notes", "log", "0x0"],
        &["storage", "get", "notes", "log", "0xgg"],
        &["storage", "scan", "notes", "log", "--limit", "0"],
        &["storage", "scan", "notes", "log", "--prefix", "a", "--from", "b"],
    ] {
        assert_eq!(host.run(args).code, Some(2), "{args:?}");
    }
}

#[test]
fn who_has_no_access_to_all_jobs_is_refused() {
    let host = host_with("[modules.storage.config]\naccess = { cli = [\"chat/*\"] }");
    for args in [&["jobs"][..], &["check"], &["export", "chat/notes"]] {
        let expected =
            "backplane: caller: \"cli\" has no access to all jobs, which the configuration could give it";
        assert_eq!(host.storage_refused(args), (4, expected.to_owned()));
    }
}

#[test]
fn without_a_host_or_a_storage_module_it_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let Ended { code, out, err } = ended(&mut backplane(
        folder.path(),
        &["storage", "jobs", "--socket", "none"],
    ));
    let expected = format!(
        "backplane: no host answers at {}; start one with `backplane run`; the files of the jobs are opened by a host alone\n",
        folder.path().join("none").display()
    );
    assert_eq!((code, &*out, err), (Some(3), "", expected));
    let host = Host::start(&[], &[]);
    let (code, refused) = host.storage_refused(&["jobs"]);
    assert_eq!(code, 4);
    assert!(refused.contains("storage.admin"), "{refused}");
}
