//! W1 to W6: writes and reads of the engine and of the module beside plain SQLite, redb and LMDB, in one run and with
//! the same durability. A store that loses a row, or misses one, ends the run.

use std::hint::black_box;

use criterion::Criterion;
use storage_bench::contender::{Contender, Make, ROWS, THREADS, contenders, scattered, side_by_side};
use storage_bench::table::{Cost, Cpu, Table, criterion};
use storage_bench::{Level, machine};

const SMALL: [u8; 256] = [0x5a; 256];
const PAGE: [u8; 4096] = [0x5a; 4096];
static LARGE: [u8; 65536] = [0x5a; 65536];
/// Rows of the store from which large payloads are read.
const LARGE_ROWS: u64 = 500;

/// What is measured, and with what.
struct Run<'a> {
    criterion: &'a mut Criterion,
    table: &'a Table,
}

impl Run<'_> {
    /// `work` on a store of each kind, which `prepare` has filled once.
    fn on_each(
        &mut self,
        (workload, level): (&str, Level),
        (units, cpu): (u64, Cpu),
        prepare: impl Fn(&dyn Contender),
        work: impl Fn(&dyn Contender, u64),
    ) {
        for (name, make) in contenders() {
            let store = make(level);
            prepare(&*store);
            let mut from = 0;
            self.table
                .measure(self.criterion, (workload, name), units, |times| {
                    let cost = Cost::of(cpu, || (0..times).for_each(|time| work(&*store, from + time)));
                    from += times;
                    cost
                });
        }
    }

    /// W1: puts that nobody waits for, and a barrier at the end; a fresh store each time, whose rows are counted.
    fn burst(&mut self, workload: &str, level: Level, rows: u64, payload: &[u8]) {
        for (name, make) in contenders() {
            self.table
                .measure(self.criterion, (workload, name), rows, |times| {
                    (0..times)
                        .map(|_| one_burst(make, level, rows, payload))
                        .fold(Cost::default(), Cost::and)
                });
        }
    }
}

fn one_burst(make: Make, level: Level, rows: u64, payload: &[u8]) -> Cost {
    let store = make(level);
    let cost = Cost::of(Cpu::Process, || store.burst(rows, payload));
    assert_eq!(store.scan(), rows, "rows were lost");
    cost
}

fn fill(store: &dyn Contender) {
    store.burst(ROWS, &SMALL);
}

fn empty(_: &dyn Contender) {}

fn number(time: u64) -> u64 {
    scattered(time).next().unwrap_or_default()
}

fn writes(run: &mut Run<'_>) {
    run.burst("W1 burst, 256 B", Level::Process, ROWS, &SMALL);
    run.burst("W1 burst, 4 KiB", Level::Process, ROWS / 4, &PAGE);
    run.burst("W1 burst, 256 B, to the disk", Level::Power, ROWS, &SMALL);
    for (level, one, eight) in [
        (Level::Process, "W2 acknowledged put", "W3 eight writers"),
        (
            Level::Power,
            "W2 acknowledged put, to the disk",
            "W3 eight writers, to the disk",
        ),
    ] {
        run.on_each((one, level), (1, Cpu::Process), empty, |store, time| {
            store.put(number(time), &SMALL);
        });
        run.on_each((eight, level), (THREADS, Cpu::Process), empty, |store, time| {
            side_by_side(|thread| store.put(number(time * THREADS + thread), &SMALL));
        });
    }
    let pair = ("W4 put, then get", Level::Process);
    run.on_each(pair, (1, Cpu::Process), empty, |store, time| {
        store.put(number(time), &SMALL);
        assert!(store.get(number(time)).is_some(), "a miss");
    });
}

fn reads(run: &mut Run<'_>) {
    let get = |store: &dyn Contender, time| {
        assert!(black_box(store.get(number(time))).is_some(), "a miss");
    };
    run.on_each(("W5 get, 256 B", Level::Process), (1, Cpu::Thread), fill, get);
    let large = |store: &dyn Contender| store.burst(LARGE_ROWS, &LARGE);
    run.on_each(
        ("W5 get, 64 KiB", Level::Process),
        (1, Cpu::Thread),
        large,
        |store, time| {
            let found = black_box(store.get(number(time) % LARGE_ROWS));
            assert_eq!(found.map(|payload| payload.len()), Some(LARGE.len()), "a miss");
        },
    );
    const EACH: u64 = 100;
    run.on_each(
        ("W5 eight readers, 256 B", Level::Process),
        (THREADS * EACH, Cpu::Process),
        fill,
        |store, time| {
            side_by_side(|thread| {
                (0..EACH).for_each(|each| get(store, (time * THREADS + thread) * EACH + each))
            });
        },
    );
    run.on_each(
        ("W6 scan, each row", Level::Process),
        (ROWS, Cpu::Process),
        fill,
        |store, _| assert_eq!(store.scan(), ROWS, "rows were lost"),
    );
}

fn main() {
    println!("{}", machine::describe());
    let table = Table::default();
    let mut criterion = criterion();
    let mut run = Run {
        criterion: &mut criterion,
        table: &table,
    };
    writes(&mut run);
    reads(&mut run);
    criterion.final_summary();
    table.print();
    println!("{}", machine::describe());
}
