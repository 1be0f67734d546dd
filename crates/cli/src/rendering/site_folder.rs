//! The folder of a site: written whole beside its place, then put there.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tempfile::TempDir;

/// The file that tells a site of ours from somebody's work.
const MARKER: &str = ".phasegate-site";

/// All that is at the top of a site.
const NAMES: [&str; 4] = [MARKER, "index.html", "entries", "reports"];

/// A site while it is written. Dropped before it is put in place, it is gone, and whatever was
/// there before is as it was.
///
/// It isn't flushed to the disk file by file: a site can always be made again from its history.
pub(crate) struct SiteFolder {
    place: PathBuf,
    new: TempDir,
}

impl SiteFolder {
    /// Begins a site that is to be at that place, which may hold an older one.
    ///
    /// # Errors
    /// If something else is there, or the folder around it can't be written.
    pub(crate) fn beside(place: &Path) -> anyhow::Result<Self> {
        // Told before the pages are written, and looked at again before anything is replaced.
        must_be_ours(place)?;
        let around = around(place);
        let written = || format!("can't write the site beside `{}`", place.display());
        fs::create_dir_all(around).with_context(written)?;
        // Beside the place, because a rename doesn't lead from one file system to another.
        let new = temporary(around).with_context(written)?;
        let folder = Self { place: place.to_owned(), new };
        for name in ["entries", "reports"] {
            fs::create_dir(folder.path(name)).with_context(written)?;
        }
        folder
            .write(MARKER, "phasegate history site writes this folder; it replaces all of it\n")?;
        Ok(folder)
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> anyhow::Result<()> {
        fs::write(self.path(name), bytes).with_context(|| self.failed(name))
    }

    /// Puts the site in its place, and removes the older one.
    ///
    /// # Errors
    /// If it can't; then the older one is still there, or there again.
    pub(crate) fn put_in_place(self) -> anyhow::Result<()> {
        let Self { place, new } = self;
        let context = || format!("can't put the site in its place, `{}`", place.display());
        // Temporary folders are private; a site is meant to be seen, as far as the umask goes.
        fs::set_permissions(new.path(), fs::Permissions::from_mode(0o755)).with_context(context)?;
        let aside = temporary(around(&place)).with_context(context)?;
        let old = aside.path().join("old");
        // Somebody may have put something there meanwhile.
        must_be_ours(&place)?;
        // A rename replaces no folder with files in it, so the older site first goes aside.
        let had_old = match fs::rename(&place, &old) {
            Ok(()) => true,
            Err(error) if error.kind() == ErrorKind::NotFound => false,
            Err(error) => return Err(error).with_context(context),
        };
        if let Err(error) = fs::rename(new.path(), &place) {
            if had_old && fs::rename(&old, &place).is_err() {
                // Dropped, the temporary folder would take the older site with it.
                let kept = aside.keep().join("old");
                let told = format!("{}; the older one is now `{}`", context(), kept.display());
                return Err(error).context(told);
            }
            return Err(error).with_context(context);
        }
        // It has moved, so there is nothing to remove any more.
        let _ = new.keep();
        aside.close().context("the site is in its place, but the older one can't be removed")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.new.path().join(name)
    }

    fn failed(&self, name: &str) -> String {
        format!("can't write `{name}` of the site beside `{}`", self.place.display())
    }
}

fn temporary(around: &Path) -> std::io::Result<TempDir> {
    tempfile::Builder::new().prefix(".phasegate-site-").tempdir_in(around)
}

fn around(place: &Path) -> &Path {
    place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Whether the place is free, an empty folder, or a site and nothing else.
fn must_be_ours(place: &Path) -> anyhow::Result<()> {
    let shown = place.display();
    anyhow::ensure!(
        place.file_name().is_some(),
        "`{shown}` has no name; name a folder for the site"
    );
    // A link isn't followed: what is behind it is no folder of ours.
    let found = match place.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        found => found.with_context(|| format!("can't look at `{shown}`"))?,
    };
    anyhow::ensure!(found.is_dir(), "`{shown}` is there and is not a folder; name another");
    let names: std::io::Result<BTreeSet<String>> = fs::read_dir(place).and_then(|all| {
        all.map(|one| Ok(one?.file_name().to_string_lossy().into_owned())).collect()
    });
    let names = names.with_context(|| format!("can't look into `{shown}`"))?;
    if names.is_empty() {
        return Ok(());
    }
    anyhow::ensure!(
        names.contains(MARKER),
        "`{shown}` holds something that isn't a site of phasegate, and is not replaced; name \
         another folder, or empty it"
    );
    match names.iter().find(|name| !NAMES.contains(&name.as_str())) {
        Some(other) => anyhow::bail!(
            "`{shown}` is a site, but `{other}` in it isn't of phasegate; move it away, since the \
             whole folder is replaced"
        ),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All files below a folder, hidden ones too, with their texts.
    fn files(folder: &Path) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                found.extend(files(&path).into_iter().map(|(n, t)| (format!("{name}/{n}"), t)));
            } else {
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
        found.sort();
        found
    }

    fn write_site(place: &Path, text: &str) -> anyhow::Result<()> {
        let folder = SiteFolder::beside(place)?;
        folder.write("index.html", text)?;
        folder.put_in_place()
    }

    #[test]
    fn an_older_site_is_replaced_and_nothing_is_left_beside_it() {
        let around = TempDir::new().unwrap();
        let place = around.path().join("deep/site");
        write_site(&place, "one").unwrap();
        fs::write(place.join("entries/000001.html"), "gone").unwrap();
        write_site(&place, "two").unwrap();
        let all = files(around.path());
        let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["deep/site/.phasegate-site", "deep/site/index.html"]);
        assert_eq!(all[1].1, "two");
        assert_eq!(place.metadata().unwrap().permissions().mode() & 0o777, 0o755);
    }

    #[test]
    fn what_fails_half_way_leaves_the_older_site() {
        let around = TempDir::new().unwrap();
        let place = around.path().join("site");
        write_site(&place, "one").unwrap();
        let before = files(around.path());
        let folder = SiteFolder::beside(&place).unwrap();
        folder.write("index.html", "two").unwrap();
        assert!(folder.write("no/such/folder.html", "").is_err());
        drop(folder);
        assert_eq!(files(around.path()), before);
        // Its place can't be taken: the new folder is gone.
        let folder = SiteFolder::beside(&place).unwrap();
        fs::remove_dir_all(folder.new.path()).unwrap();
        assert!(folder.put_in_place().is_err());
        assert_eq!(files(around.path()), before);
    }

    #[test]
    fn what_is_not_a_site_is_never_replaced() {
        let around = TempDir::new().unwrap();
        let refused = |place: &Path| write_site(place, "").unwrap_err().to_string();
        let place = around.path().join("work");
        fs::create_dir(&place).unwrap();
        write_site(&place, "an empty folder is free").unwrap();
        fs::write(place.join("CNAME"), "x").unwrap();
        assert!(refused(&place).contains("`CNAME` in it isn't of phasegate"));
        fs::remove_file(place.join(MARKER)).unwrap();
        assert!(refused(&place).contains("isn't a site of phasegate"));
        assert!(refused(&place.join("CNAME")).contains("is not a folder"));
        assert!(refused(Path::new("/")).contains("has no name"));
        assert_eq!(fs::read_to_string(place.join("CNAME")).unwrap(), "x");
        std::os::unix::fs::symlink(&place, around.path().join("link")).unwrap();
        assert!(refused(&around.path().join("link")).contains("is not a folder"));
    }
}
