//! The proxy that the environment names, as a sentence.
//!
//! Owns the reading of the proxy variables for people. Must never show a proxy's credentials, or decide
//! whether a proxy is used: the client does.

/// The library's order: the first variable that is set counts, even when it is empty.
pub(super) fn proxy_notice_of(lookup: impl Fn(&str) -> Option<String>) -> Option<String> {
    let first = |names: [&'static str; 2]| {
        names.into_iter().find_map(|name| Some((name, lookup(name)?.trim().to_owned())))
    };
    let (name, value) = [["HTTPS_PROXY", "https_proxy"], ["ALL_PROXY", "all_proxy"]]
        .into_iter()
        .filter_map(first)
        .find(|(_, value)| !value.is_empty())?;
    let (scheme, rest) = value.split_once("://").unwrap_or(("http", &value));
    let authority = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let host = authority.split(['/', '?', '#']).next().unwrap_or_default();
    let exempt = first(["NO_PROXY", "no_proxy"]).filter(|(_, hosts)| !hosts.is_empty());
    let exempt = exempt.map_or_else(String::new, |(name, _)| format!(", except hosts in {name}"));
    Some(format!("requests go through the proxy {scheme}://{host} ({name}){exempt}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proxy_is_shown_without_its_credentials() {
        let notice = |pairs: &[(&str, &str)]| {
            proxy_notice_of(|wanted| {
                let found = pairs.iter().find(|(name, _)| *name == wanted);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        for (pairs, expected) in [
            (
                &[("HTTPS_PROXY", "http://user:s3/cr@t@proxy:3128/x")][..],
                "http://proxy:3128 (HTTPS_PROXY)",
            ),
            (&[("https_proxy", "user:secret@proxy:3128")], "http://proxy:3128 (https_proxy)"),
            (&[("HTTPS_PROXY", ""), ("all_proxy", "http://p")], "http://p (all_proxy)"),
            (
                &[("ALL_PROXY", "http://p"), ("NO_PROXY", "example.org")],
                "http://p (ALL_PROXY), except hosts in NO_PROXY",
            ),
        ] {
            let expected = format!("requests go through the proxy {expected}");
            assert_eq!(notice(pairs).as_deref(), Some(expected.as_str()));
        }
        assert_eq!(notice(&[("HTTP_PROXY", "http://p"), ("HTTPS_PROXY", " ")]), None);
    }
}
