//! Secrets that cannot be printed by accident.
//!
//! Owns the only type that may hold a PIN or another secret. Must never implement Debug with content,
//! Display, or Serialize. Invariant: the text leaves only through [`Sealed::expose`] (to send it or to
//! write it into a report the operator asked for) and through [`at_rest`] (into the journal).

use std::fmt;
use zeroize::Zeroize;

/// A secret text. Its memory is overwritten when it is dropped.
///
/// ```
/// use sortie::model::Sealed;
/// let pin = Sealed::clear("496406".to_owned());
/// assert_eq!(format!("{pin:?}"), "Sealed(…)");
/// assert_eq!(pin.expose(), "496406");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    text: String,
}

impl Sealed {
    /// Seals a text that is held in clear.
    #[must_use]
    pub fn clear(text: String) -> Self {
        Self { text }
    }

    /// The secret itself. Call it only where the secret has to leave: a request body, a report.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Sealed(…)")
    }
}

impl Drop for Sealed {
    fn drop(&mut self) {
        self.text.zeroize();
    }
}

/// How a sealed value stands in the journal. A field opts in by name with `#[serde(with = "at_rest")]`,
/// so that every place where a secret reaches the disk can be found by searching for these words.
pub mod at_rest {
    use super::Sealed;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Stored {
        clear: String,
    }

    /// Writes the stored form.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(value: &Sealed, serializer: S) -> Result<S::Ok, S::Error> {
        Stored { clear: value.text.clone() }.serialize(serializer)
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// Those of the deserializer.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Sealed, D::Error> {
        Ok(Sealed::clear(Stored::deserialize(deserializer)?.clear))
    }

    /// The same for a secret that may be missing.
    pub mod option {
        use super::{Sealed, Stored};
        use serde::{Deserialize, Deserializer, Serialize, Serializer};

        /// Writes the stored form, or null.
        ///
        /// # Errors
        /// Those of the serializer.
        pub fn serialize<S: Serializer>(
            value: &Option<Sealed>,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            value.as_ref().map(|secret| Stored { clear: secret.text.clone() }).serialize(serializer)
        }

        /// Reads the stored form, or null.
        ///
        /// # Errors
        /// Those of the deserializer.
        pub fn deserialize<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Option<Sealed>, D::Error> {
            let stored = Option::<Stored>::deserialize(deserializer)?;
            Ok(stored.map(|stored| Sealed::clear(stored.clear)))
        }
    }
}
