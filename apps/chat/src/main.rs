//! The terminal chat.

use std::{process::ExitCode, sync::Arc};

use backplane_chat::{Options, hosted::HostedSession, pipe, run, unattended};
use clap::Parser;
use tokio::io::{BufReader, stdin, stdout};

type Ended = Result<ExitCode, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    backplane_host::guest_main();
    let options = Options::parse();
    let ended = tokio::runtime::Runtime::new()
        .map_err(Into::into)
        .and_then(|runtime| {
            let ended = runtime.block_on(chat(&options));
            // A read of standard input cannot be cancelled, and must not keep the process.
            runtime.shutdown_background();
            ended
        });
    ended.unwrap_or_else(|error| {
        eprintln!("backplane-chat: {error}");
        ExitCode::FAILURE
    })
}

async fn chat(options: &Options) -> Ended {
    if options.unattended {
        let summary = unattended::run(options).await?;
        match options.json {
            true => println!("{}", serde_json::to_string_pretty(&summary)?),
            false => print!("{summary}"),
        }
        return Ok(if summary.problems.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        });
    }
    if !options.pipe {
        run::check_terminal()?;
    }
    let session = HostedSession::start(options).await?;
    let ended: Ended = match options.pipe {
        true => serve(&session).await,
        false => run(Arc::clone(&session), options)
            .await
            .map(|()| ExitCode::SUCCESS)
            .map_err(Into::into),
    };
    for problem in session.stop().await {
        eprintln!("backplane-chat: {problem}");
    }
    ended
}

async fn serve(session: &Arc<HostedSession>) -> Ended {
    tokio::select! {
        ended = pipe::run(Arc::clone(session), BufReader::new(stdin()), stdout()) => ended?,
        () = run::told_to_end()? => {}
    }
    Ok(ExitCode::SUCCESS)
}
