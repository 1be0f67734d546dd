//! Signatures: who stands for an entry, and with its links for all before it.
//!
//! They are those of OpenSSH (its `PROTOCOL.sshsig`), in the namespace `phasegate`, over the bytes
//! of the entry's file, so that `ssh-keygen -Y verify` checks them as well. They are detached, in
//! `signatures/000001-NAME.sig`: an entry may have several, and none changes it.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

use ring::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};
use ssh_key::public::KeyData;
use ssh_key::{Algorithm, HashAlg, LineEnding, PrivateKey, Signature, SshSig};

use crate::backend::error::PlaceError;
use crate::backend::files::Published;
use crate::entry::digest::Digest;
use crate::entry::names;
use crate::store::error::ReadError;
use crate::store::open::Store;
use crate::verify::allowed_signers::{AllowedSigners, NAMESPACE};
use crate::verify::problem::Problem;

/// The folder of signatures.
const SIGNATURES: &str = "signatures";

/// A secret key that entries are signed with. It can't be shown.
pub struct SigningKey(PrivateKey);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.fingerprint())
    }
}

/// Why a key can't sign. Nothing of the key is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SigningKeyError {
    /// It isn't a secret key in OpenSSH's format.
    #[error("it is not a secret key in OpenSSH's format; make one with `ssh-keygen -t ed25519`")]
    Format,
    /// It has a passphrase, which there is nobody to ask for.
    #[error(
        "it has a passphrase; sign with `ssh-keygen -Y sign -n phasegate -f KEY reports/ledger/000001.json`, which asks for it, and move the `.sig` to `reports/signatures/000001-NAME.sig`"
    )]
    Passphrase,
    /// It is of another algorithm.
    #[error("it is not an Ed25519 key; make one with `ssh-keygen -t ed25519`")]
    Algorithm,
}

impl SigningKey {
    /// Reads the text of a key file.
    ///
    /// # Errors
    /// If it is no Ed25519 key in OpenSSH's format, or has a passphrase.
    pub fn parse(text: &str) -> Result<Self, SigningKeyError> {
        let key = PrivateKey::from_openssh(text).map_err(|_| SigningKeyError::Format)?;
        if key.is_encrypted() {
            return Err(SigningKeyError::Passphrase);
        }
        match key.algorithm() {
            Algorithm::Ed25519 => Ok(Self(key)),
            _ => Err(SigningKeyError::Algorithm),
        }
    }

    // Formats are `ssh-key`'s, the arithmetic of the curve is `ring`'s, which TLS needs anyway.
    fn sign(&self, bytes: &[u8]) -> Result<SshSig, ssh_key::Error> {
        let pair = self.0.key_data().ed25519().ok_or(ssh_key::Error::AlgorithmUnknown)?;
        let (seed, public) = (pair.private.to_bytes(), pair.public.as_ref());
        let signer = Ed25519KeyPair::from_seed_and_public_key(&seed, public)
            .map_err(|_| ssh_key::Error::PublicKey)?;
        // The hash that `ssh-keygen -Y sign` takes by itself.
        let signed = SshSig::signed_data(NAMESPACE, HashAlg::Sha512, bytes)?;
        let signature = Signature::new(Algorithm::Ed25519, signer.sign(&signed).as_ref())?;
        let public = self.0.public_key().key_data().clone();
        SshSig::new(public, NAMESPACE, HashAlg::Sha512, signature)
    }

    /// The public key's fingerprint, `SHA256:…`.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.0.fingerprint(HashAlg::Sha256).to_string()
    }
}

/// Why an entry was not signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The entry can't be read.
    #[error("{0}")]
    Read(#[from] ReadError),
    /// A file operation failed.
    #[error("{0}")]
    Place(#[from] PlaceError),
    /// The key did not sign.
    #[error("the key can't sign: {0}")]
    Key(ssh_key::Error),
    /// The name is taken by another signature.
    #[error("`{}` is another signature; move it away", path.display())]
    Taken {
        /// The file.
        path: PathBuf,
    },
}

/// What checking signatures found.
#[derive(Debug)]
#[must_use]
pub struct Signatures {
    /// The entries with a good signature, and whose it is.
    pub signed: Vec<(u64, String)>,
    /// All that is wrong, in the order of the entries.
    pub problems: Vec<Problem>,
}

/// Whether each entry must be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsigned {
    /// An entry may be without a signature.
    Allowed,
    /// An entry without a good signature is a problem.
    Refused,
}

/// Signs an entry; the file of the signature. Signing again with the same key changes nothing.
///
/// # Errors
/// If the entry can't be read or the signature not be written.
pub fn sign(store: &Store, number: u64, key: &SigningKey) -> Result<PathBuf, SignError> {
    // The entry must be one, and its bytes are what is signed.
    let bytes = signed_bytes(store, number)?;
    let signature = key.sign(&bytes).map_err(SignError::Key)?;
    let text = signature.to_pem(LineEnding::LF).map_err(SignError::Key)?;
    let public = key.0.public_key().to_bytes().map_err(SignError::Key)?;
    // From the key, so that signing again finds its own file and somebody else's gets another.
    let name: String = Digest::of(&public).to_string().chars().take(16).collect();
    let folder = store.dir.join(SIGNATURES);
    store.files.make_folder(&folder)?;
    let path = folder.join(format!("{number:06}-{name}.sig"));
    match store.files.publish(text.as_bytes(), &path)? {
        Published::Ours => store.files.sync_folder(&folder)?,
        Published::Others => return Err(SignError::Taken { path }),
        Published::Unknown(error) => return Err(error.into()),
    }
    Ok(path)
}

fn signed_bytes(store: &Store, number: u64) -> Result<Vec<u8>, ReadError> {
    let line = store.line(number)?;
    line.recorded()?;
    Ok(line.bytes)
}

/// The files of signatures with the numbers of their entries, ascending.
pub(crate) fn signatures(store: &Store) -> Result<Vec<(u64, PathBuf)>, PlaceError> {
    let folder = store.dir.join(SIGNATURES);
    let mut found = Vec::new();
    store.files.list_if_present(&folder, &mut |name| {
        let is_signature = name.to_str().and_then(|name| name.strip_suffix(".sig")).is_some();
        if let Some(number) = names::folder_number(name).filter(|_| is_signature) {
            found.push((number, folder.join(name)));
        }
    })?;
    found.sort();
    Ok(found)
}

/// Checks all signatures of a history, by the keys of those who may sign.
pub fn verify_signatures(
    store: &Store,
    allowed: &AllowedSigners,
    unsigned: Unsigned,
) -> Signatures {
    let mut found = Signatures { signed: Vec::new(), problems: Vec::new() };
    if let Err(cause) = check_all(store, allowed, unsigned, &mut found) {
        found.problems.push(Problem::Unreadable { cause });
    }
    found
}

fn check_all(
    store: &Store,
    allowed: &AllowedSigners,
    unsigned: Unsigned,
    found: &mut Signatures,
) -> Result<(), PlaceError> {
    let listing = store.list_ledger()?;
    for (number, path) in signatures(store)? {
        if !listing.has(number) {
            found.problems.push(Problem::SignedEntryMissing { number, path });
            continue;
        }
        let entry = match store.line(number) {
            Ok(line) => line.bytes,
            Err(ReadError::Place(cause)) => return Err(cause),
            Err(_) => {
                found.problems.push(Problem::SignedEntryMissing { number, path });
                continue;
            }
        };
        match check(&store.files.read(&path)?, &entry, allowed) {
            Ok(who) => found.signed.push((number, who)),
            Err(Unfit::Bad) => found.problems.push(Problem::SignatureBad { number, path }),
            Err(Unfit::Unknown { fingerprint }) => {
                found.problems.push(Problem::SignerUnknown { number, fingerprint, path });
            }
        }
    }
    if unsigned == Unsigned::Refused {
        let signed: BTreeSet<u64> = found.signed.iter().map(|(number, _)| *number).collect();
        let missing = listing.all().filter(|number| !signed.contains(number));
        let missing: Vec<_> = missing.map(|number| Problem::Unsigned { number }).collect();
        found.problems.extend(missing);
    }
    Ok(())
}

enum Unfit {
    Bad,
    Unknown { fingerprint: String },
}

/// Who signed, if the signature is good and theirs to give.
fn check(text: &[u8], entry: &[u8], allowed: &AllowedSigners) -> Result<String, Unfit> {
    let signature = SshSig::from_pem(text).map_err(|_| Unfit::Bad)?;
    if !is_of(&signature, entry) {
        return Err(Unfit::Bad);
    }
    allowed.who(signature.public_key()).map(str::to_owned).ok_or_else(|| Unfit::Unknown {
        fingerprint: signature.public_key().fingerprint(HashAlg::Sha256).to_string(),
    })
}

/// Whether a signature is by its own key and of these bytes.
fn is_of(signature: &SshSig, entry: &[u8]) -> bool {
    let KeyData::Ed25519(key) = signature.public_key() else { return false };
    let signed = SshSig::signed_data(signature.namespace(), signature.hash_alg(), entry);
    // One that the same key made for something else, such as a commit, doesn't count.
    signature.namespace() == NAMESPACE
        && signature.algorithm() == Algorithm::Ed25519
        && signed.is_ok_and(|signed| {
            let key = UnparsedPublicKey::new(&ED25519, key.as_ref());
            key.verify(&signed, signature.signature_bytes()).is_ok()
        })
}

/// Whether the text is a signature of these bytes, whoever's.
pub(crate) fn is_signature_of(text: &[u8], entry: &[u8]) -> bool {
    SshSig::from_pem(text).is_ok_and(|signature| is_of(&signature, entry))
}
