//! The first page of a site of stories: each with what it is about, a picture, and what came of it.

use std::fmt::Write as _;

use super::escaped;

const STYLE: &str = include_str!("site.css");

/// Stories that belong together.
#[derive(Clone, Debug, Default)]
pub struct Chapter {
    pub title: String,
    pub about: String,
    pub stories: Vec<Story>,
}

/// A scenario, and the page of its runs.
#[derive(Clone, Debug)]
pub struct Story {
    pub title: String,
    pub about: String,
    /// The address of the page, and of its picture, from the first page; nothing if there is no run to show.
    pub page: Option<String>,
    pub picture: Option<String>,
    /// What came of it: of the run, and of each property; and whether that is well.
    pub verdicts: Vec<Verdict>,
}

/// What came of a run or a property.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub of: String,
    pub verdict: String,
    pub is_well: bool,
}

/// The first page.
pub fn index(title: &str, chapters: &[Chapter]) -> String {
    let title = escaped(title);
    let mut body = String::new();
    let mut contents = String::new();
    for (nth, chapter) in chapters.iter().enumerate() {
        let (name, count) = (escaped(&chapter.title), chapter.stories.len());
        let _ = write!(
            contents,
            "<li><a href=\"#chapter-{nth}\">{name}</a> <span>{count}</span></li>"
        );
        let about = escaped(&chapter.about);
        let _ = write!(
            body,
            "<section id=\"chapter-{nth}\"><h2>{name}</h2><p class=\"about\">{about}</p>"
        );
        for story in &chapter.stories {
            tell(&mut body, story);
        }
        body.push_str("</section>\n");
    }
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><link rel=\"icon\" href=\"data:,\">\
         <title>{title}</title><style>{STYLE}</style></head>\n\
         <body><header><h1>{title}</h1><p>Each picture opens its run: look at it step by step, and see why.</p></header>\n\
         <nav aria-label=\"Chapters\"><ul>{contents}</ul></nav>\n<main>\n{body}</main></body></html>\n"
    )
}

fn tell(out: &mut String, story: &Story) {
    let (title, about) = (escaped(&story.title), escaped(&story.about));
    let page = story.page.as_deref().map(address);
    let heading = match &page {
        Some(page) => format!("<a href=\"{page}\">{title}</a>"),
        None => title.clone(),
    };
    let _ = write!(
        out,
        "<article><h3>{heading}</h3><p class=\"about\">{about}</p><ul class=\"verdicts\">"
    );
    for verdict in &story.verdicts {
        let class = if verdict.is_well { "well" } else { "ill" };
        let (of, told) = (escaped(&verdict.of), escaped(&verdict.verdict));
        let _ = write!(out, "<li class=\"{class}\"><span>{of}</span> {told}</li>");
    }
    out.push_str("</ul>");
    if let Some((picture, page)) = story.picture.as_ref().zip(page) {
        let picture = address(picture);
        let _ = write!(
            out,
            "<a class=\"picture\" href=\"{page}\"><img loading=\"lazy\" src=\"{picture}\" alt=\"Space-time diagram of {title}\"></a>"
        );
    }
    out.push_str("</article>\n");
}

/// A relative address, as an attribute holds it.
fn address(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let encode = |byte: u8| {
        if plain(byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    path.bytes().map(encode).collect()
}
