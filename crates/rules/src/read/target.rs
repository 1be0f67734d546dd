//! Reads `[target]` and `[baseline]` of a plan: which servers are measured.

use std::collections::BTreeMap;
use std::str::FromStr;

use phasegate_model::{
    ClientFiles, Pinning, ServerPlan, ServerPlanError, Setup, TlsPlan, VariableName,
    is_secret_argument,
};

use crate::document::code::Code;
use crate::document::diagnostic::Diagnostic;
use crate::document::sections::{Section, text_of};

/// The server that a table describes.
pub(crate) fn server(section: &mut Section<'_>) -> ServerPlan {
    let is_running = section.has("url");
    for own in ["program", "arguments", "config", "env"] {
        if is_running && section.has(own) {
            let message =
                format!("`{own}` is of a server that phasegate starts, and `url` of one that runs");
            section.problems.push(
                Diagnostic::new(Code::BadValue, section.span.clone(), message)
                    .help(format!("leave out `{own}` or `url`")),
            );
        }
    }
    let ours = ["program", "arguments", "config", "env"];
    for theirs in ["restart", "tls", "cluster"].into_iter().filter(|key| section.has(key)) {
        for own in ours.into_iter().filter(|key| section.has(key)) {
            let message = format!(
                "`{theirs}` is of a running server, and `{own}` of one that phasegate starts"
            );
            section.problems.push(
                Diagnostic::new(Code::BadValue, section.span.clone(), message)
                    .help(format!("leave out `{own}` or `{theirs}`")),
            );
        }
    }
    let program = section.text("program");
    if let Some(program) = program.as_ref().filter(|program| program.text.trim().is_empty()) {
        let message = "`program` is empty";
        section.problems.add(Code::BadValue, program.span.clone(), message);
    }
    ServerPlan {
        program: program.map(|program| program.text.to_owned()),
        url: section.parsed("url"),
        restart: section.parsed("restart"),
        cluster: section.flag("cluster").unwrap_or_default(),
        tls: tls(section),
        setup: Setup {
            arguments: arguments(section),
            config: texts(section, "config"),
            env: env(section),
        },
        pinning: pinning(section),
    }
}

/// CPUs by number; nothing if the key isn't there.
pub(crate) fn pinning(section: &mut Section<'_>) -> Option<Pinning> {
    let mut table = section.section("pinning")?;
    let pinning = Pinning { server: table.whole("server"), client: table.whole("client") };
    table.finish();
    Some(pinning)
}

/// What TLS takes; nothing if the key isn't there.
fn tls(section: &mut Section<'_>) -> Option<TlsPlan> {
    let mut table = section.section("tls")?;
    let mut file = |key| table.parsed(key);
    let (ca, cert, key, server_name) = (file("ca"), file("cert"), file("key"), file("server_name"));
    let missing = match (&cert, &key) {
        (Some(_), None) => Some(("cert", "key")),
        (None, Some(_)) => Some(("key", "cert")),
        _ => None,
    };
    if let Some((there, missing)) = missing {
        let message = format!("`tls` has `{there}` and no `{missing}`");
        section.problems.push(
            Diagnostic::new(Code::BadValue, table.span.clone(), message)
                .help("a client certificate and its private key belong together"),
        );
    }
    table.finish();
    let client = cert.zip(key).map(|(cert, key)| ClientFiles { cert, key });
    Some(TlsPlan { ca, client, server_name })
}

/// A list of strings that each mean something.
fn texts<T>(section: &mut Section<'_>, key: &'static str) -> Vec<T>
where
    T: FromStr,
    T::Err: std::fmt::Display,
{
    let mut read = Vec::new();
    for text in section.texts(key) {
        match text.text.parse::<T>() {
            Ok(value) => read.push(value),
            Err(error) => {
                section.problems.add(Code::BadValue, text.span, error.to_string());
            }
        }
    }
    read
}

fn arguments(section: &mut Section<'_>) -> Vec<String> {
    let texts = section.texts("arguments");
    // The plan is recorded with its arguments, and a ledger takes nothing back.
    for secret in texts.iter().filter(|text| is_secret_argument(text.text)) {
        let message = ServerPlanError::SecretDirective(secret.text.to_owned()).to_string();
        section.problems.add(Code::BadValue, secret.span.clone(), message);
    }
    texts.into_iter().map(|text| text.text.to_owned()).collect()
}

fn env(section: &mut Section<'_>) -> BTreeMap<VariableName, String> {
    let Some(mut table) = section.section("env") else { return BTreeMap::new() };
    // Their names are the writer's own.
    table.all_known();
    let mut variables = BTreeMap::new();
    for (name, span, value) in table.all() {
        let text = text_of(table.source(), value, name, section.problems);
        match (name.parse::<VariableName>(), text) {
            (Err(error), _) => {
                section.problems.add(Code::BadValue, span, error.to_string());
            }
            (Ok(name), Some(text)) => {
                variables.insert(name, text.text.to_owned());
            }
            (Ok(_), None) => {}
        }
    }
    variables
}

#[cfg(test)]
mod tests {
    use phasegate_model::{Plan, ServerPlan, SubjectPlan};

    use crate::document::diagnostic::Source;
    use crate::read::plan::parse_plan;

    fn parse(text: &str) -> Result<Plan, Vec<String>> {
        let text = format!(
            "schema = 1\n[phase]\nid = \"3A\"\ntitle = \"t\"\nsubject = \"s\"\nmatrix = \"m.toml\"\n{text}"
        );
        parse_plan(&Source { name: "3a.toml".to_owned(), text }).map_err(|problems| {
            problems.into_iter().map(|p| format!("{}: {}", p.code, p.message)).collect()
        })
    }

    fn server(subject: Option<SubjectPlan>) -> ServerPlan {
        subject.unwrap().server().unwrap().clone()
    }

    #[test]
    fn a_plan_names_what_it_measures_and_what_with() {
        let plan = parse(
            "[target]\nprogram = \"./redis-server\"\n[baseline]\narguments = [\"--io-threads\", \"2\"]\n\
             config = [\"maxmemory 10mb\"]\nenv = { MALLOC_CONF = \"narenas:1\" }\npinning = { client = 1 }\n",
        )
        .unwrap();
        assert_eq!(server(plan.target).program.as_deref(), Some("./redis-server"));
        let baseline = server(plan.baseline);
        assert_eq!(baseline.setup.arguments, ["--io-threads", "2"]);
        assert_eq!(baseline.setup.config.first().unwrap().words(), ["maxmemory", "10mb"]);
        let (name, value) = baseline.setup.env.first_key_value().unwrap();
        assert_eq!((name.as_str(), value.as_str()), ("MALLOC_CONF", "narenas:1"));
        assert_eq!(baseline.pinning.unwrap().client, Some(1));
        assert!(baseline.program.is_none() && baseline.url.is_none());
    }

    #[test]
    fn without_them_a_plan_has_none() {
        let plan = parse("").unwrap();
        assert!(plan.target.is_none() && plan.baseline.is_none());
        assert!(server(parse("[baseline]\n").unwrap().baseline).setup.is_plain());
    }

    #[test]
    fn a_command_restarts_a_server_that_runs_and_no_other() {
        let plan = parse("[target]\nurl = \"unix:///s\"\nrestart = \"./restart.sh\"\n").unwrap();
        assert_eq!(server(plan.target).restart.unwrap().as_str(), "./restart.sh");
        let problems = |keys: &str| parse(&format!("[baseline]\n{keys}")).unwrap_err().join("\n");
        let both = problems("program = \"redis-server\"\nrestart = \"./restart.sh\"\n");
        assert!(
            both.contains("`restart` is of a running server, and `program` of one that"),
            "{both}"
        );
        assert!(problems("restart = \" \"\n").contains("`restart` is empty"));
        assert!(problems("restart = 1\n").contains("wrong-type"));
    }

    #[test]
    fn a_running_server_may_be_a_node_of_a_cluster() {
        let cluster = |keys: &str| parse(&format!("[target]\n{keys}"));
        let target = |keys: &str| server(cluster(keys).unwrap().target);
        assert!(target("cluster = true\n").cluster && !target("").cluster);
        let restarted = target("cluster = true\nrestart = \"./restart-all.sh\"\n");
        assert!(restarted.cluster && restarted.restart.is_some());
        let ours = cluster("program = \"redis-server\"\ncluster = true\n").unwrap_err().join("");
        assert!(ours.contains("`cluster` is of a running server"), "{ours}");
        assert!(cluster("cluster = 1\n").unwrap_err().join("").contains("wrong-type"));
    }

    #[test]
    fn a_certificate_and_its_key_belong_together() {
        let tls = |keys: &str| parse(&format!("[target]\ntls = {{ {keys} }}\n"));
        let files = tls("ca = \"ca.pem\", cert = \"c.pem\", key = \"c.key\"").unwrap();
        let files = server(files.target).tls.unwrap();
        let client = files.client.unwrap();
        assert_eq!(
            (files.ca.as_deref(), client.cert.as_str(), client.key.as_str()),
            (Some("ca.pem"), "c.pem", "c.key")
        );
        let named = server(tls("server_name = \"cache.example\"").unwrap().target).tls.unwrap();
        assert_eq!(named.server_name.as_deref(), Some("cache.example"));
        assert!(server(tls("ca = \"ca.pem\"").unwrap().target).tls.unwrap().client.is_none());
        for (keys, told) in [
            ("cert = \"c.pem\"", "`tls` has `cert` and no `key`"),
            ("key = \"c.key\"", "`tls` has `key` and no `cert`"),
            ("ca = 1", "wrong-type"),
            ("cacert = \"ca.pem\"", "unknown key `cacert`"),
        ] {
            let problems = tls(keys).unwrap_err().join("\n");
            assert!(problems.contains(told), "{problems}");
        }
    }

    #[test]
    fn all_problems_of_a_server_are_told_at_once() {
        let problems = parse(
            "[baseline]\nprogram = \" \"\nurl = \"redis://me:hunter2@h\"\nconfig = [\"port 1\", \"maxmemory 1mb\"]\n\
             env = { \"A B\" = \"x\", C = 1 }\nspeed = 1\narguments = [\"--Requirepass\", \"hunter3\"]\n",
        )
        .unwrap_err();
        let all = problems.join("\n");
        for part in [
            "`program` is of a server that phasegate starts",
            "`config` is of a server that phasegate starts",
            "`env` is of a server that phasegate starts",
            "`program` is empty",
            "neither user nor password",
            "`port` can't be set",
            "`--Requirepass` can't be set: a plan is recorded",
            "`A B` is no name",
            "wrong-type: `C`",
            "unknown key `speed` in `baseline`",
        ] {
            assert!(all.contains(part), "{part}: {all}");
        }
        assert!(!all.contains("hunter2"), "{all}");
    }
}
