//! Ctrl-C and SIGTERM: the program reports the frames read so far and exits.

#[cfg(feature = "parquet")]
use overhear::export::dataset::{ParquetDataset, StagingPaths};
use overhear::source::StopSignal;
#[cfg(feature = "parquet")]
use std::io;
use std::process;
#[cfg(feature = "parquet")]
use std::sync::{Arc, Mutex, PoisonError};

/// Exit code of a program that SIGINT ended, by shell convention.
const SIGINT_EXIT_CODE: i32 = 130;

/// A folder of files that are not complete. A signal removes it, and ends the program.
#[cfg(feature = "parquet")]
#[derive(Clone, Default)]
pub(super) struct StagingFolder(Arc<Mutex<Option<StagingPaths>>>);

#[cfg(feature = "parquet")]
impl StagingFolder {
    /// Installs the signal handler.
    pub(super) fn install_handler() -> StagingFolder {
        let folder = StagingFolder::default();
        let own = folder.clone();
        // If the handler cannot be installed, a signal leaves the folder.
        let _ = ctrlc::set_handler(move || {
            own.remove();
            process::exit(SIGINT_EXIT_CODE);
        });
        folder
    }

    /// Creates the folder of files; that before it is complete. A signal meanwhile waits.
    pub(super) fn begin(&self, create: impl FnOnce() -> io::Result<ParquetDataset>) -> io::Result<ParquetDataset> {
        let mut folder = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let dataset = create()?;
        *folder = Some(dataset.paths());
        Ok(dataset)
    }

    fn remove(&self) {
        let Ok(folder) = self.0.lock() else { return };
        let Some(paths) = &*folder else { return };
        // Another thread may create a file in it meanwhile.
        for _ in 0..10 {
            if std::fs::remove_dir_all(&paths.staging).is_ok() || !paths.staging.exists() {
                break;
            }
        }
        paths.remove_empty();
    }
}

/// Installs the signal handler. The first signal sets `stop`; the second exits immediately.
pub(super) fn install_handler(stop: &StopSignal) {
    let stop = stop.clone();
    // If the handler cannot be installed, a signal still ends the program, without a report.
    let _ = ctrlc::set_handler(move || {
        if stop.is_set() {
            process::exit(SIGINT_EXIT_CODE);
        }
        stop.stop();
    });
}
