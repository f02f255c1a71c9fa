//! What a search may leave out, as it is typed.

use crate::check::{Reduce, Reduction, Reductions};

/// What a search may leave out.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct Reducing {
    /// What the fast engine may leave out: `auto` is all that changes no verdict, where the search is not so
    /// small that it is through before that is found out; `none` is nothing;
    /// or a list of `no-op` (deliveries that change nothing are no events), `lost` (what is lost is
    /// never delivered), `dead` (messages that nobody will react to are not in flight). What would
    /// change a verdict is never left out.
    #[arg(long, value_name = "auto|none|LIST", default_value = "auto", value_parser = parse)]
    pub reduce: Reduce,
}

fn parse(text: &str) -> Result<Reduce, String> {
    match text {
        "auto" => Ok(Reduce::Auto),
        "none" => Ok(Reduce::NONE),
        list => {
            let names = list.split(',').map(|name| named(name.trim()));
            Ok(Reduce::Only(names.collect::<Result<Reductions, _>>()?))
        }
    }
}

fn named(name: &str) -> Result<Reduction, String> {
    let found = Reduction::ALL.into_iter().find(|r| r.name() == name);
    found.ok_or_else(|| {
        let known = Reduction::ALL.map(Reduction::name).join(", ");
        format!("there is no reduction `{name}`: write `auto`, `none`, or some of {known}")
    })
}
