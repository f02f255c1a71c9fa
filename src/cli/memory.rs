//! How much memory the machine has and this process uses, where the platform tells.

/// The memory of the machine, in bytes. In a container, what it may use.
pub fn of_machine() -> Option<u64> {
    let total = kilobytes("/proc/meminfo", "MemTotal:")?;
    let read = |path| std::fs::read_to_string(path).ok();
    let limit = read("/sys/fs/cgroup/memory.max")
        .or_else(|| read("/sys/fs/cgroup/memory/memory.limit_in_bytes"));
    let limit = limit.and_then(|text| text.trim().parse::<u64>().ok());
    Some(limit.map_or(total, |limit| total.min(limit)))
}

/// What this process holds in memory now, in bytes.
pub fn resident() -> Option<u64> {
    kilobytes("/proc/self/status", "VmRSS:")
}

/// The most it ever held, in bytes.
pub fn peak() -> Option<u64> {
    kilobytes("/proc/self/status", "VmHWM:")
}

fn kilobytes(path: &str, key: &str) -> Option<u64> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    let number = line.trim().trim_end_matches("kB").trim();
    number.parse::<u64>().ok().map(|kb| kb * 1024)
}

/// Reads `4GiB`, `512MiB`, `2GB`, or `50%` of the machine's memory.
pub fn parse(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u64); 8] = [
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
        ("TiB", 1 << 40),
        ("kB", 1_000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("TB", 1_000_000_000_000),
    ];
    let help = || format!("`{text}` is not a size: write `4GiB`, `512MiB` or `50%`");
    let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(help)?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| help())?;
    if number == 0 {
        return Err("a search needs some memory".to_owned());
    }
    if unit == "%" {
        let machine = of_machine().ok_or("this platform does not tell how much memory it has")?;
        return if number <= 100 {
            Ok(machine / 100 * number)
        } else {
            Err("more than all there is".to_owned())
        };
    }
    let unit = unit.trim();
    let Some((_, unit)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        // `4G`, `4gb`: most likely powers of two.
        let letter = unit.trim_end_matches(['b', 'B', 'i']).to_uppercase();
        let meant = UNITS[..4]
            .iter()
            .find(|(name, _)| name[..1].to_uppercase() == letter);
        return Err(meant.map_or_else(help, |(name, _)| {
            format!("`{text}` is not a size: write `{number}{name}`")
        }));
    };
    number.checked_mul(*unit).ok_or_else(help)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn sizes_have_units() {
        assert_eq!(parse("4GiB"), Ok(4 << 30));
        assert_eq!(parse("2GB"), Ok(2_000_000_000));
        assert!(parse("4").is_err());
        assert!(parse("0GiB").is_err());
        assert!(parse("four").is_err());
        assert!(parse("99999999999TiB").is_err());
        assert!(parse("101%").is_err());
    }
}
