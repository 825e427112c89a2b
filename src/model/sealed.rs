//! Secrets that cannot be printed by accident.
//!
//! Owns the only type that may hold a PIN or another secret. Must never implement Debug with content,
//! Display, or Serialize. Invariant: the text leaves only through [`Sealed::expose`] (to send it, to show
//! it to who asked for it) and through [`at_rest`] (into the journal).

use std::fmt;
use zeroize::Zeroize;

/// A secret text, unencrypted or encrypted to the keys of the operators. Its memory is overwritten when it is
/// dropped.
///
/// ```
/// use sortie::model::Sealed;
/// let pin = Sealed::clear("496406".to_owned());
/// assert_eq!(format!("{pin:?}"), "Sealed(…)");
/// assert_eq!(pin.expose(), Some("496406"));
/// let closed = Sealed::encrypted("-----BEGIN AGE ENCRYPTED FILE-----".to_owned(), None);
/// assert_eq!(closed.expose(), None);
/// ```
#[derive(Clone)]
pub struct Sealed {
    form: Form,
}

#[derive(Clone)]
enum Form {
    Clear(String),
    Encrypted { text: String, mark: Option<[u8; 32]> },
}

impl Sealed {
    /// Seals a text that is held unencrypted.
    #[must_use]
    pub fn clear(text: String) -> Self {
        Self { form: Form::Clear(text) }
    }

    /// Holds a text that is encrypted already. `mark` tells whether two secrets are equal without
    /// opening them. It must be made with a key that never leaves the process, because a PIN has only six
    /// digits. It is never stored.
    #[must_use]
    pub fn encrypted(text: String, mark: Option<[u8; 32]>) -> Self {
        Self { form: Form::Encrypted { text, mark } }
    }

    /// The secret itself; `None` where only the holders of the keys can read it. Call it only where the
    /// secret has to leave: a request body, a report.
    #[must_use]
    pub fn expose(&self) -> Option<&str> {
        match &self.form {
            Form::Clear(text) => Some(text),
            Form::Encrypted { .. } => None,
        }
    }

    /// The encrypted text, where it is encrypted.
    #[must_use]
    pub fn ciphertext(&self) -> Option<&str> {
        match &self.form {
            Form::Clear(_) => None,
            Form::Encrypted { text, .. } => Some(text),
        }
    }

    /// Whether both hold the same secret; `None` where that is unknown: one of them was encrypted by
    /// another process.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> Option<bool> {
        match (&self.form, &other.form) {
            (Form::Clear(one), Form::Clear(other)) => Some(one == other),
            (
                Form::Encrypted { mark: Some(one), .. },
                Form::Encrypted { mark: Some(other), .. },
            ) => Some(one == other),
            _ => None,
        }
    }
}

/// Equal as stored: the mark, which is not stored, plays no part.
impl PartialEq for Sealed {
    fn eq(&self, other: &Self) -> bool {
        match (&self.form, &other.form) {
            (Form::Clear(one), Form::Clear(other)) => one == other,
            (Form::Encrypted { text: one, .. }, Form::Encrypted { text: other, .. }) => {
                one == other
            }
            _ => false,
        }
    }
}

impl Eq for Sealed {}

impl fmt::Debug for Sealed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Sealed(…)")
    }
}

impl Drop for Sealed {
    fn drop(&mut self) {
        if let Form::Clear(text) = &mut self.form {
            text.zeroize();
        }
    }
}

/// How a sealed value is stored in the journal. A field opts in by name with `#[serde(with = "at_rest")]`,
/// so that every place where a secret reaches the disk can be found by searching for these words.
pub mod at_rest {
    use super::{Form, Sealed};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// One of the two, named after its form: `{"clear":…}` or `{"age":…}`.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Stored {
        Clear(String),
        Age(String),
    }

    fn stored(value: &Sealed) -> Stored {
        match &value.form {
            Form::Clear(text) => Stored::Clear(text.clone()),
            Form::Encrypted { text, .. } => Stored::Age(text.clone()),
        }
    }

    fn sealed(stored: Stored) -> Sealed {
        match stored {
            Stored::Clear(text) => Sealed::clear(text),
            Stored::Age(text) => Sealed::encrypted(text, None),
        }
    }

    /// Writes the stored form.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(value: &Sealed, serializer: S) -> Result<S::Ok, S::Error> {
        stored(value).serialize(serializer)
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// Those of the deserializer.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Sealed, D::Error> {
        Stored::deserialize(deserializer).map(sealed)
    }

    /// The same for a secret that may be missing.
    pub mod option {
        use super::{Sealed, Stored, sealed, stored};
        use serde::{Deserialize, Deserializer, Serialize, Serializer};

        /// Writes the stored form, or null.
        ///
        /// # Errors
        /// Those of the serializer.
        pub fn serialize<S: Serializer>(
            value: &Option<Sealed>,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            value.as_ref().map(stored).serialize(serializer)
        }

        /// Reads the stored form, or null.
        ///
        /// # Errors
        /// Those of the deserializer.
        pub fn deserialize<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Option<Sealed>, D::Error> {
            Option::<Stored>::deserialize(deserializer).map(|stored| stored.map(sealed))
        }
    }
}
