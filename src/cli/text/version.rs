//! What `sortie version` prints.
//!
//! Owns its layout, and its form for programs. Must never show a path of the machine that built the program.

use serde_json::{Value, json};

/// How this program was built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BuildFacts {
    pub version: &'static str,
    /// The commit that the release script built; `None` in other builds.
    pub commit: Option<&'static str>,
    pub target: &'static str,
    pub compiler: &'static str,
    /// Optional features of this build.
    pub features: Vec<&'static str>,
    /// Optional features that this build lacks.
    pub features_left: Vec<&'static str>,
    pub sqlite: &'static str,
    pub rustls: &'static str,
    pub aws_lc_rs: &'static str,
}

/// One line, as `sortie --version` prints it.
pub(crate) fn short_of(facts: &BuildFacts) -> String {
    format!("sortie {}", facts.version)
}

/// One line for each fact.
pub(crate) fn long_of(facts: &BuildFacts) -> String {
    let built = match facts.features.as_slice() {
        [] => "none".to_owned(),
        built => built.join(", "),
    };
    let features = match facts.features_left.as_slice() {
        [] => built,
        left => format!("{built}; this build lacks {}", left.join(", ")),
    };
    let lines = [
        ("Commit", facts.commit.unwrap_or("unknown; only the release script records it")),
        ("Target", facts.target),
        ("Compiler", facts.compiler),
        ("Features", &features),
        ("SQLite", facts.sqlite),
        ("TLS", &format!("rustls {} with aws-lc-rs {}", facts.rustls, facts.aws_lc_rs)),
    ];
    let lines = lines.map(|(name, value)| format!("  {name:<8}  {value}"));
    format!("{}\n{}", short_of(facts), lines.join("\n"))
}

/// The facts for programs. What is unknown is null.
pub(crate) fn json_of(facts: &BuildFacts) -> Value {
    let known = |fact: &'static str| (fact != "unknown").then_some(fact);
    json!({
        "version": facts.version,
        "commit": facts.commit,
        "target": known(facts.target),
        "compiler": known(facts.compiler),
        "features": facts.features,
        "features_left_out": facts.features_left,
        "sqlite": facts.sqlite,
        "rustls": known(facts.rustls),
        "aws_lc_rs": known(facts.aws_lc_rs),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> BuildFacts {
        BuildFacts {
            version: "0.1.0",
            commit: None,
            target: "x86_64-unknown-linux-gnu",
            compiler: "rustc 1.95.0",
            features: vec!["xlsx"],
            features_left: vec!["keyring", "mail"],
            sqlite: "3.54.1",
            rustls: "unknown",
            aws_lc_rs: "1.19.0",
        }
    }

    #[test]
    fn a_build_without_a_commit_says_so() {
        let long = long_of(&facts());
        assert!(long.contains("  Commit    unknown; only the release script"), "{long}");
        assert!(long.contains("  Features  xlsx; this build lacks keyring, mail\n"), "{long}");
        assert_eq!(long.lines().count(), 7);
        let json = json_of(&facts());
        assert_eq!((&json["commit"], &json["rustls"]), (&Value::Null, &Value::Null));
        let released = BuildFacts { commit: Some("abc123"), ..facts() };
        assert!(long_of(&released).contains("  Commit    abc123\n"));
    }

    #[test]
    fn a_build_without_features_names_what_it_lacks() {
        let none = BuildFacts { features: vec![], ..facts() };
        assert!(long_of(&none).contains("  Features  none; this build lacks keyring, mail\n"));
        let all = BuildFacts { features_left: vec![], ..facts() };
        assert!(long_of(&all).contains("  Features  xlsx\n"));
    }
}
