use super::*;
use std::sync::mpsc;

/// An output that passes each batch to the test, and blocks until the test lets it continue.
struct Gate(mpsc::Sender<Vec<u8>>, mpsc::Receiver<io::Result<()>>);

impl Write for Gate {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send(bytes.to_vec()).unwrap();
        self.1.recv().unwrap().map(|()| bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn gate() -> (Box<Gate>, mpsc::Receiver<Vec<u8>>, mpsc::Sender<io::Result<()>>) {
    let ((seen, batches), (go, gate)) = (mpsc::channel(), mpsc::channel());
    (Box::new(Gate(seen, gate)), batches, go)
}

#[derive(Clone, Default)]
struct RecordedOutput(Arc<Mutex<Vec<u8>>>);

impl Write for RecordedOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn every_output_gets_its_lines_in_order() {
    let kept = [
        RecordedOutput::default(),
        RecordedOutput::default(),
        RecordedOutput::default(),
    ];
    let [console, combined, errors] = kept
        .clone()
        .map(|kept| Some(Box::new(kept) as Box<dyn Write + Send>));
    let (sink, guard) = LogSink::start(Outputs {
        console,
        combined,
        errors,
    })
    .unwrap();
    sink.write(LogTarget::All, Level::INFO, b"one\n");
    sink.write(LogTarget::Console, Level::ERROR, b"two\n");
    sink.write(LogTarget::Files, Level::ERROR, b"three\n");
    sink.flush();
    let text = || {
        kept.each_ref()
            .map(|kept| String::from_utf8(kept.0.lock().clone()).unwrap())
    };
    assert_eq!(text(), ["one\ntwo\n", "one\nthree\n", "three\n"]);
    sink.write(LogTarget::All, Level::ERROR, b"last\n");
    drop(guard);
    assert_eq!(
        text(),
        ["one\ntwo\nlast\n", "one\nthree\nlast\n", "three\nlast\n"],
        "the guard writes what is left"
    );
    sink.write(LogTarget::All, Level::INFO, b"too late\n");
    sink.flush();
}

#[test]
fn a_stuck_output_neither_blocks_the_caller_nor_eats_memory() {
    let (output, batches, go) = gate();
    let (sink, guard) = LogSink::start(Outputs {
        console: Some(output),
        ..Outputs::default()
    })
    .unwrap();
    sink.write(LogTarget::All, Level::ERROR, b"first\n");
    assert_eq!(
        batches.recv().unwrap(),
        b"first\n",
        "the thread is inside the output now"
    );
    let line = [b'x'; 1024];
    for _ in 0..MAX_COUNT / line.len() + 100 {
        sink.write(LogTarget::All, Level::INFO, &line);
    }
    assert_eq!(sink.dropped(), 100);
    go.send(Ok(())).unwrap();
    assert_eq!(
        batches.recv().unwrap().len(),
        MAX_COUNT,
        "all that was kept comes as one batch"
    );
    go.send(Ok(())).unwrap();
    drop(guard);
}

#[test]
fn a_failing_output_is_counted_and_the_next_line_still_tried() {
    let (output, batches, go) = gate();
    let (sink, _guard) = LogSink::start(Outputs {
        console: Some(output),
        ..Outputs::default()
    })
    .unwrap();
    for answer in [Err(io::ErrorKind::StorageFull.into()), Ok(())] {
        sink.write(LogTarget::All, Level::ERROR, b"line\n");
        assert_eq!(batches.recv().unwrap(), b"line\n");
        go.send(answer).unwrap();
        sink.flush();
    }
    assert_eq!(sink.dropped(), 1);
}

/// An output that counts how often it is flushed.
#[derive(Clone, Default)]
struct Flushed(Arc<AtomicU64>);

impl Write for Flushed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

#[test]
fn files_are_opened_again_although_no_line_waits() {
    let (combined, errors) = (Flushed::default(), Flushed::default());
    let (sink, guard) = LogSink::start(Outputs {
        combined: Some(Box::new(combined.clone())),
        errors: Some(Box::new(errors.clone())),
        ..Outputs::default()
    })
    .unwrap();
    sink.reopen();
    // Ends the thread after it has done all that was requested.
    drop(guard);
    for file in [combined, errors] {
        assert_eq!(file.0.load(Ordering::SeqCst), 1);
    }
}
