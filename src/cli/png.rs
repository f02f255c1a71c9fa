//! A picture as PNG, drawn by a browser that is installed here: whoever draws letters brings megabytes of its own.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use super::Failure;

/// What names a browser, if none of those below is on the path.
const NAMED_BY: &str = "JURY_BROWSER";
/// Browsers that draw a page without a window.
const BROWSERS: [&str; 7] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
    "microsoft-edge",
];
/// For slides: twice as many dots as a screen has.
const SCALE: usize = 2;

/// Draws a picture of this width and height.
pub fn png(svg: &str, (width, height): (usize, usize)) -> Result<Vec<u8>, Failure> {
    let browser = browser().ok_or_else(|| {
        Failure::new(
            "a PNG is drawn by Chromium, Chrome or Edge, and none of them is here",
            format!("install one, name it (`{NAMED_BY}=/path/to/it`), or take `--format svg`"),
        )
    })?;
    let failed = |what: &str| {
        Failure::new(
            format!("{} did not draw the picture: {what}", browser.display()),
            "take `--format svg`, or a picture from the page",
        )
    };
    let folder = tempfile::tempdir().map_err(|error| failed(&error.to_string()))?;
    let page = folder.path().join("page.html");
    let picture = folder.path().join("picture.png");
    let html = format!("<!doctype html><style>body{{margin:0}}svg{{display:block}}</style>{svg}");
    fs::write(&page, html).map_err(|error| failed(&error.to_string()))?;
    // As root, as in a container, it only runs without its sandbox; what it shows here is a picture without scripts.
    for sandbox in [None, Some("--no-sandbox")] {
        let run = Command::new(&browser)
            .args(["--headless", "--disable-gpu", "--hide-scrollbars"])
            .args(sandbox)
            .arg(with("--user-data-dir=", folder.path()))
            .arg(with("--screenshot=", &picture))
            .arg(format!("--window-size={width},{height}"))
            .arg(format!("--force-device-scale-factor={SCALE}"))
            .arg(with("file://", &page))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        run.map_err(|error| failed(&error.to_string()))?;
        if let Ok(bytes) = fs::read(&picture) {
            return Ok(bytes);
        }
    }
    Err(failed("it wrote none"))
}

fn with(flag: &str, path: &Path) -> OsString {
    let mut argument = OsString::from(flag);
    argument.push(path);
    argument
}

/// The browser that was named, or the first on the path.
fn browser() -> Option<PathBuf> {
    if let Some(named) = env::var_os(NAMED_BY) {
        return Some(named.into());
    }
    let folders: Vec<PathBuf> = env::split_paths(&env::var_os("PATH")?).collect();
    let mut all = BROWSERS
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .flat_map(|path| [path.with_extension(env::consts::EXE_EXTENSION), path]);
    all.find(|path| path.is_file())
}
