//! Every key that a matrix or a plan may have, in the order in which people should write them.
//!
//! One description for two uses: `fmt` orders keys by it, and the JSON Schemas are made from it.
//! A test holds it against the readers, which tell the keys that they know.

/// A table of a file.
pub(crate) struct FileTable {
    pub(crate) about: &'static str,
    pub(crate) keys: &'static [Key],
}

/// A key of a table.
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) kind: Kind,
    pub(crate) needed: bool,
}

/// What a key's value is.
pub(crate) enum Kind {
    /// The version of the format.
    Version,
    /// A name: letters, digits, `-`, `_`, `.`.
    Id,
    /// Any text.
    Text,
    /// A list of texts.
    Texts,
    /// `P99 < 12us`
    Condition,
    /// A verb and free words.
    Action,
    /// Lines of `CONDITION → ACTION`.
    Rules,
    /// A share above 0 % and below 50 %.
    ErrorRate,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A length of time.
    Time,
    /// So many in a second.
    Rate,
    /// An amount of memory.
    Memory,
    /// A whole number from this one on.
    Whole(u32),
    /// Whole numbers from 0 to 255, at least one.
    Statuses,
    /// A number above 0 and at most 10.
    Exponent,
    /// True or false.
    Flag,
    /// Readings by the names of their metrics.
    Readings,
    /// What a test expects: `outcome`, and findings or actions by the names of their rows.
    Expectations,
    /// A table.
    Table(&'static FileTable),
    /// A list of tables.
    Tables(&'static FileTable),
    /// Tables by names of the writer's own.
    Named(&'static FileTable),
    /// Texts by names of the writer's own.
    Variables,
    /// A day, `2026-11-23`.
    Day,
    /// A quantity, a version or a text.
    Value,
}

impl FileTable {
    /// The place of a key; keys that aren't known come last.
    pub(crate) fn place(&self, name: &str) -> usize {
        self.keys.iter().position(|key| key.name == name).unwrap_or(self.keys.len())
    }

    /// Whether rows in their short form stand under a key.
    pub(crate) fn has_rules(&self, name: &str) -> bool {
        self.keys.iter().any(|key| key.name == name && matches!(key.kind, Kind::Rules))
    }

    /// The table or tables that stand under a key.
    pub(crate) fn below(&self, name: &str) -> Option<&'static Self> {
        let key = self.keys.iter().find(|key| key.name == name)?;
        match key.kind {
            Kind::Table(table) | Kind::Tables(table) => Some(table),
            // The names between are the writer's own, so nothing is known of their order.
            _ => None,
        }
    }
}

/// Tables with their keys: whether a key is needed, its name, what its value is, and what it is for.
macro_rules! tables {
    ($($(#[$doc:meta])* $vis:vis $table:ident $of:literal {
        $($need:ident $name:ident $kind:ident $(($($of_kind:tt)*))? $about:literal;)*
    })*) => {
        $($(#[$doc])* $vis static $table: FileTable = FileTable {
            about: $of,
            keys: &[$(Key {
                name: stringify!($name),
                about: $about,
                kind: Kind::$kind $(($($of_kind)*))?,
                needed: tables!(@$need),
            }),*],
        };)*
    };
    (@needed) => { true };
    (@optional) => { false };
}

tables! {
    /// A matrix file.
    pub(crate) MATRIX "A decision matrix of phasegate: what follows from which measurement" {
        needed schema Version "The format's version: 1";
        optional extends Text "The file of a base, relative to this one";
        optional rules Rules "Rows as people say them: `P99 < 12us → no action`. They have no else";
        needed matrix Table(&HEAD) "The matrix's name and how it decides";
        optional row Tables(&ROW) "A condition and what follows from it";
        optional test Tables(&TEST) "Readings, and what must come of them";
    }

    HEAD "The matrix's name and how it decides" {
        needed id Id "A name for files";
        needed title Text "A question for people";
        optional error_rate ErrorRate "The chance that any finding is wrong, whenever one stops measuring; 5 % if it isn't written";
        optional hit_policy Choice(&["priority", "first"])
            "priority (if it isn't written): the strongest action of all rows is the outcome; first: that of the first row that has one";
        optional scope Choice(&["run", "standing"])
            "Of what findings are certain: run (if it isn't written): of the restarts of one run; standing: of a typical run, by runs of which each has one vote";
        optional default Action "The action if no row applies; without one the outcome is then undecided";
    }

    ROW "A condition and what follows from it" {
        needed id Id "A name: letters, digits, -, _, .";
        optional given Condition "The row has a say only where this condition is met";
        needed when Condition "The condition, such as `P99 < 12us`";
        needed then Action "What follows if the condition is met";
        optional else Action "What follows if it isn't met";
        optional scope Choice(&["run", "standing"])
            "Of what findings are certain: run (if it isn't written): of the restarts of one run; standing: of a typical run, by runs of which each has one vote";
        optional why Text "Why the row is there, for readers";
        optional change Choice(&["tightens", "loosens"]) "What a row does to the one of the same id in the base";
    }

    TEST "Readings, and what must come of them" {
        needed name Text "What is tested, in a few words";
        needed given Readings "Readings by metric. A metric that isn't given is missing";
        needed expect Expectations "The outcome, and for a row a verb, a whole action, met, not met, not applicable or undecided";
    }

    /// A plan file.
    pub(crate) PLAN "A phase plan of phasegate: which phase is decided by which matrix, and how to measure" {
        needed schema Version "The format's version: 1";
        needed phase Table(&PHASE) "What is decided";
        optional measure Table(&MEASURE) "How to measure";
        optional target Table(&SERVER) "What is measured";
        optional baseline Table(&SERVER) "What the target is compared with, in pairs";
        optional fact Named(&FACT) "What the team asserts, by its name";
        optional prediction Tables(&PREDICTION) "What somebody expects";
        optional next_option Tables(&NEXT_OPTION) "What could be done next";
    }

    SERVER "A server: one that phasegate starts, or a running one by its URL; or a command" {
        optional kind Choice(&["redis", "command"]) "redis (if it isn't written): a server; command: a program that is started and ends";
        optional program Text
            "The program to start, by its path or by a name on PATH; redis-server or valkey-server if neither it nor url is written";
        optional url Text "A running server, read-only: redis://, rediss:// or unix:// without user and password";
        optional restart Text "The shell command that restarts the running server before each trial";
        optional cluster Flag "Whether every primary of the running server's cluster is measured; false if it isn't written";
        optional tls Table(&TLS) "The files that TLS with the running server takes";
        optional arguments Texts "Arguments of the program";
        optional config Texts "Lines of a redis.conf, such as `io-threads 2`";
        optional env Variables "Environment variables, such as `MALLOC_CONF = \"narenas:1\"`";
        optional pinning Table(&PINNING) "CPUs, instead of those of [measure]";
        optional command Texts "Of a command: the program and its arguments, such as `[\"sort\", \"big.txt\"]`; there is no shell";
        optional starts Whole(1) "Starts in each trial; 10 if it isn't written";
        optional prepare Texts "Run before each start of the command, not measured";
        optional cleanup Texts "Run after each start of the command, not measured";
        optional workdir Text "The folder in which the command runs";
        optional stdin Text "The file that the command reads from standard input";
        optional accept Statuses "The exit statuses that a start may end with; [0] if it isn't written";
    }

    FACT "Something that the team asserts; conditions name it as fact.NAME" {
        needed value Value "A quantity such as `12us`, a version, or a text";
        needed author Text "Who asserts it";
        needed date Day "The day on which it was true";
        optional max_age Time "How long it may be relied on, such as `90d`";
    }

    PREDICTION "What somebody expects, before it is measured" {
        needed text Text "As people say it";
        needed claim Condition "What would confirm it";
        needed by Text "Who expects it";
        needed on Day "The day on which it was said";
    }

    PHASE "What is decided" {
        needed id Id "The phase's name";
        needed title Text "What it would do, in a few words";
        needed subject Text "What it is about, such as `the allocator`";
        needed matrix Text "The matrix's file, relative to this one";
        optional next Table(&NEXT) "The phase that follows, by how the gate came out";
        optional planned_effort Time "What the phase would cost, such as `9.8d`";
        optional deliverables Texts "What the phase delivers, for the report";
        optional lessons Texts "What was learned, for the report";
    }

    NEXT "The phase that follows, by how the gate came out" {
        optional closed Id "After skip, defer or no action";
        optional open Id "After act, revisit or investigate";
    }

    MEASURE "How to measure" {
        optional transport Choice(&["unix", "tcp"]) "How a server of ours is reached; unix if it isn't written";
        optional wait Choice(&["spin", "block"])
            "spin: the client polls and never gives up its CPU; block (if it isn't written): it sleeps until the reply is there";
        optional command Choice(&["GET", "SET", "PING"]) "The command that is measured; GET if it isn't written";
        optional mix Tables(&MIX) "Commands of one's own, sent instead of `command`";
        optional keys Table(&KEYS) "The keys that commands name";
        optional writes Choice(&["forbidden", "allowed"])
            "Whether commands may write to a server that phasegate did not start; forbidden if it isn't written";
        optional rate Rate
            "Open loop: so many requests a second, such as `20000/s`, each due at its time whatever the server does; rtt.* is then the time from when it was due. Closed loop if it isn't written: the next request after the reply";
        optional connections Whole(1) "Connections that are used at once; 1 if it isn't written";
        optional pipeline Whole(1) "Requests written at once to a connection before their replies are read, in a closed loop; 1 if it isn't written";
        optional rounds Whole(1) "Fresh connections in a trial; 5 if it isn't written";
        optional samples Whole(1) "Requests recorded in each round; 10 000 if it isn't written";
        optional warmup Whole(0) "Requests before those, in each round; 1 000 if it isn't written";
        optional trials Whole(1) "How many trials at most; 30 if it isn't written";
        optional span Time "Over which time trials are spread; if it isn't written, 30s for a server that isn't restarted, and no time for others";
        optional at_random Flag "Whether trials begin at random moments within the span; false if it isn't written";
        optional budget Time "How long to measure at most; 60s if it isn't written";
        optional scope Choice(&["run", "standing"])
            "Of what findings are certain: run (if it isn't written): of the restarts of one run; standing: of a typical run, by runs of which each has one vote";
        optional until Choice(&["outcome", "rows"]) "Until the outcome is settled, or every row; outcome if it isn't written";
        optional floor Flag "Whether floor rounds are made between the rounds; true if it isn't written";
        optional pinning Table(&PINNING) "A CPU for each, by its number";
        optional dataset Table(&DATASET) "What a server of ours is filled with";
    }

    MIX "A command that is measured among others" {
        needed command Text "The command in words: `HSET user:{key} field {value}`; GET and SET alone are those of the dataset's keys";
        optional weight Whole(1) "How often it is sent; 1 if it isn't written";
        optional value Memory "The size of {value}; 100B if it isn't written";
    }

    KEYS "The keys that commands name" {
        optional count Whole(1) "How many there are without a dataset; 10 000 if it isn't written";
        optional zipf Exponent "The exponent of a Zipf distribution; if it isn't written, all keys are named alike";
    }

    PINNING "A CPU for each, by its number; the scheduler chooses where there is none" {
        optional server Whole(0) "The server's CPU";
        optional client Whole(0) "The client's CPU";
    }

    TLS "PEM files, by their paths, and a name; what is in the files is recorded nowhere" {
        optional ca Text "Authorities that vouch for the server, instead of the system's";
        optional cert Text "The certificate that the server is shown";
        optional key Text "The private key of that certificate, without a passphrase";
        optional server_name Text "The name in the server's certificate, if it isn't the host of the URL";
    }

    DATASET "What a server of ours is filled with" {
        optional size Memory "The memory.dataset to reach, such as `1.8MB`; needed if there is no `keys`";
        optional keys Whole(1) "How many keys, instead of a size";
        optional value Memory "The size of each value or element; 100B if it isn't written";
        optional type Choice(&["string", "hash", "list", "set", "zset", "stream"]) "The type of each key; string if it isn't written";
        optional elements Whole(1) "Elements of each key that isn't a string; 10 if it isn't written";
        optional churn Whole(0)
            "How many values of mixed sizes are written beside each key and deleted again, which leaves holes in the server's memory; 0 if it isn't written";
    }

    NEXT_OPTION "Something that could be done next" {
        needed title Text "What it is, in a few words";
        optional recommended Flag "Whether the team recommends it";
        optional when Condition "It is recommended only if this condition is met";
    }
}
