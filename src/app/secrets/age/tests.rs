//! The format against its published test vectors, and against another implementation.
//!
//! Owns the proof that both agree with ours in both directions, and that no input makes ours panic. The vectors in
//! `tests/fixtures/age` are C2SP's CCTV (package cctv-age 0.2.0, 0BSD or CC0 or Unlicense); `sealed-0.1.0.txt` was written
//! by sortie 0.1.0, which still used the package age.

use ::age::secrecy::ExposeSecret;
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use std::io::{Read, Write};
use std::path::Path;

use super::armor;
use super::bech32;
use super::file::{EncryptError, decrypt, encrypt};
use super::header::{Header, STANZAS_MAX};
use super::{DecryptError, Identity, Recipient, decrypt_armored, encrypt_armored};

const CHUNK: usize = 64 * 1024;

/// One of the published vectors.
struct Vector {
    name: String,
    expect: String,
    payload_sha256: Option<String>,
    identities: Vec<String>,
    needs_passphrase: bool,
    is_armored: bool,
    file: Vec<u8>,
}

fn fixtures() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/age")
}

fn vectors() -> Vec<Vector> {
    let files = std::fs::read_dir(fixtures()).expect("the vectors").map(|file| {
        let path = file.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        (name, std::fs::read(path).expect("a vector"))
    });
    let is_vector = |name: &str| !name.contains('.');
    files.filter(|(name, _)| is_vector(name)).map(|(name, bytes)| vector(name, &bytes)).collect()
}

fn vector(name: String, bytes: &[u8]) -> Vector {
    let end = bytes.windows(2).position(|pair| pair == b"\n\n").expect("an empty line");
    let (keys, file) = (&bytes[..end], &bytes[end + 2..]);
    let keys = std::str::from_utf8(keys).expect("text");
    let values = |key: &'static str| {
        let lines = keys.lines().filter_map(|line| line.split_once(": "));
        lines.filter(move |(its, _)| *its == key).map(|(_, value)| value.to_owned())
    };
    for line in keys.lines() {
        let key = line.split_once(": ").expect("a key").0;
        let known = ["expect", "payload", "file key", "identity", "passphrase", "armored"];
        assert!(known.contains(&key) || key == "comment" || key == "compressed", "{name}: {key}");
    }
    let file = match values("compressed").next() {
        Some(_) => miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(file, 32 * 1024 * 1024)
            .expect("compressed bytes"),
        None => file.to_vec(),
    };
    Vector {
        expect: values("expect").next().expect("an expectation"),
        payload_sha256: values("payload").next(),
        identities: values("identity").collect(),
        needs_passphrase: values("passphrase").next().is_some(),
        is_armored: values("armored").next().is_some(),
        name,
        file,
    }
}

/// How ours ends, in the words of the vectors.
fn outcome(vector: &Vector, identities: &[Identity]) -> (&'static str, Option<Vec<u8>>) {
    let opened = if vector.is_armored {
        let text = std::str::from_utf8(&vector.file);
        text.map_or(Err(DecryptError::Armor), |text| decrypt_armored(text, identities))
    } else {
        decrypt(&vector.file, identities)
    };
    match opened {
        Ok(text) => ("success", Some(text.to_vec())),
        Err(DecryptError::Armor) => ("armor failure", None),
        Err(DecryptError::Header) => ("header failure", None),
        Err(DecryptError::NoMatch) => ("no match", None),
        Err(DecryptError::Mac) => ("HMAC failure", None),
        Err(DecryptError::Payload) => ("payload failure", None),
        Err(DecryptError::TooLong) => ("too long", None),
    }
}

#[test]
fn published_vectors_end_as_the_format_says() {
    let (mut in_full, mut unsupported) = (0, 0);
    for vector in vectors() {
        let identities: Vec<Identity> =
            vector.identities.iter().filter_map(|text| text.parse().ok()).collect();
        let (ended, text) = outcome(&vector, &identities);
        // Passphrases and post-quantum keys are not supported: what needs one must not open, and that is all.
        if vector.needs_passphrase || identities.len() < vector.identities.len() {
            unsupported += 1;
            assert!(["no match", "header failure"].contains(&ended), "{}: {ended}", vector.name);
            continue;
        }
        in_full += 1;
        assert_eq!(ended, vector.expect, "{}", vector.name);
        if let Some(text) = text {
            let sum = Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(vector.payload_sha256, Some(sum), "{}", vector.name);
        }
    }
    assert_eq!((in_full, unsupported), (98, 45));
}

#[test]
fn armor_of_the_vectors_is_written_as_it_was_read() {
    let mut written = 0;
    for vector in vectors().iter().filter(|vector| vector.is_armored) {
        let text = std::str::from_utf8(&vector.file).expect("text");
        let Some(bytes) = armor::read(text) else { continue };
        written += 1;
        let plain = text.replace("\r\n", "\n");
        assert_eq!(armor::write(&bytes).trim(), plain.trim(), "{}", vector.name);
    }
    assert!(written >= 8, "{written}");
}

/// A key of the other implementation and the same key in ours.
fn pair() -> (::age::x25519::Identity, Identity) {
    let theirs = ::age::x25519::Identity::generate();
    let ours = theirs.to_string().expose_secret().parse().expect("a key");
    (theirs, ours)
}

fn recipient_of(theirs: &::age::x25519::Identity) -> Recipient {
    theirs.to_public().to_string().parse().expect("a key")
}

fn their_encrypt(text: &[u8], keys: &[::age::x25519::Identity], is_armored: bool) -> Vec<u8> {
    let recipients: Vec<_> = keys.iter().map(::age::x25519::Identity::to_public).collect();
    let recipients = recipients.iter().map(|key| key as &dyn ::age::Recipient);
    let encryptor = ::age::Encryptor::with_recipients(recipients).expect("recipients");
    let mut file = Vec::new();
    let format =
        if is_armored { ::age::armor::Format::AsciiArmor } else { ::age::armor::Format::Binary };
    let armor = ::age::armor::ArmoredWriter::wrap_output(&mut file, format).expect("memory");
    let mut writer = encryptor.wrap_output(armor).expect("memory");
    writer.write_all(text).expect("memory");
    writer.finish().and_then(|armor| armor.finish()).expect("memory");
    file
}

fn their_decrypt(file: &[u8], key: &::age::x25519::Identity) -> Option<Vec<u8>> {
    let reader = ::age::armor::ArmoredReader::new(file);
    let decryptor = ::age::Decryptor::new_buffered(reader).ok()?;
    let mut reader = decryptor.decrypt(std::iter::once(key as &dyn ::age::Identity)).ok()?;
    let mut text = Vec::new();
    reader.read_to_end(&mut text).ok()?;
    Some(text)
}

#[test]
fn each_implementation_opens_what_the_other_wrote() {
    let keys: Vec<_> = (0..3).map(|_| pair()).collect();
    let theirs: Vec<_> = keys.iter().map(|(theirs, _)| theirs.clone()).collect();
    let recipients: Vec<Recipient> = theirs.iter().map(recipient_of).collect();
    let stranger = pair();
    for length in [0, 1, 6, 47, 48, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 7] {
        let text: Vec<u8> = (0..length).map(|at| (at * 7 % 251) as u8).collect();
        let armored = encrypt_armored(&text, &recipients).expect("encrypted");
        let plain = encrypt(&text, &recipients).expect("encrypted");
        let by_them = their_encrypt(&text, &theirs, false);
        let by_them_armored = String::from_utf8(their_encrypt(&text, &theirs, true)).expect("text");
        for (their_key, our_key) in &keys {
            assert_eq!(their_decrypt(armored.as_bytes(), their_key).as_ref(), Some(&text));
            assert_eq!(their_decrypt(&plain, their_key).as_ref(), Some(&text));
            let our_key = std::slice::from_ref(our_key);
            assert_eq!(decrypt(&by_them, our_key).as_deref(), Ok(&text));
            assert_eq!(decrypt_armored(&by_them_armored, our_key).as_deref(), Ok(&text));
        }
        assert_eq!(their_decrypt(&plain, &stranger.0), None);
        let by_stranger = decrypt(&by_them, std::slice::from_ref(&stranger.1));
        assert_eq!(by_stranger.err(), Some(DecryptError::NoMatch));
        // A stranger's key beside the right one is no obstacle.
        let both = [stranger.1.clone(), keys[2].1.clone()];
        assert_eq!(decrypt(&by_them, &both).as_deref(), Ok(&text));
    }
}

#[test]
fn files_of_earlier_versions_open() {
    let text = std::fs::read_to_string(fixtures().join("sealed-0.1.0.txt")).expect("the fixture");
    let lines = text.lines().filter(|line| line.starts_with("AGE-SECRET-KEY-1"));
    let identities: Vec<Identity> = lines.map(|line| line.parse().expect("a key")).collect();
    assert_eq!(identities.len(), 2);
    let sealed: Vec<&str> = text.split("content: ").skip(1).collect();
    assert_eq!(sealed.len(), 2);
    for sealed in sealed {
        let (content, armored) = sealed.split_once('\n').expect("two lines");
        for identity in &identities {
            let opened = decrypt_armored(armored, std::slice::from_ref(identity));
            assert_eq!(*opened.expect("it opens"), content.as_bytes());
        }
    }
}

#[test]
fn keys_have_the_text_of_the_other_implementation() {
    for _ in 0..50 {
        let (theirs, _) = pair();
        let public = theirs.to_public().to_string();
        assert_eq!(recipient_of(&theirs).to_string(), public);
        assert_eq!(public.to_uppercase().parse(), Ok(recipient_of(&theirs)));
        assert!(format!("A{}", &public[1..]).parse::<Recipient>().is_err(), "mixed case");
        let private = theirs.to_string().expose_secret().to_owned();
        assert!(private.to_lowercase().parse::<Identity>().is_ok());
        assert!(private.parse::<Recipient>().is_err());
        assert!(public.parse::<Identity>().is_err());
    }
}

#[test]
fn a_key_with_one_wrong_character_is_refused() {
    let (theirs, _) = pair();
    let public = theirs.to_public().to_string();
    let private = theirs.to_string().expose_secret().to_owned();
    for at in 0..public.len() {
        for letter in ["q", "p", "1", "b", " ", "é", ""] {
            let mut wrong = public.clone();
            wrong.replace_range(at..=at, letter);
            assert!(wrong == public || wrong.parse::<Recipient>().is_err(), "{wrong}");
        }
    }
    for at in 0..private.len() {
        for letter in ["Q", "P", "1", "B", "q", ""] {
            let mut wrong = private.clone();
            wrong.replace_range(at..=at, letter);
            assert!(wrong == private || wrong.parse::<Identity>().is_err());
        }
    }
    for text in ["", "age1", "age", "AGE-SECRET-KEY-1", "1", &"q".repeat(5_000)] {
        assert!(text.parse::<Recipient>().is_err() && text.parse::<Identity>().is_err(), "{text}");
    }
}

#[test]
fn keys_of_a_wrong_length_are_refused() {
    for length in [0, 1, 16, 31, 33, 40] {
        let data = vec![7; length];
        assert!(bech32::encode("age", &data).parse::<Recipient>().is_err(), "{length}");
        assert!(bech32::encode("age-secret-key-", &data).parse::<Identity>().is_err(), "{length}");
    }
    assert!(bech32::encode("age", &[9; 32]).parse::<Recipient>().is_ok());
}

#[test]
fn points_of_low_order_are_refused_as_recipients() {
    let mut one = [0; 32];
    one[0] = 1;
    // The prime 2^255 - 19, its neighbours, and the two points of order eight (RFC 7748, section 6.1).
    let mut prime = [0xff; 32];
    (prime[0], prime[31]) = (0xed, 0x7f);
    let (mut above, mut below) = (prime, prime);
    (above[0], below[0]) = (0xee, 0xec);
    let eight = [
        0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4,
        0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49,
        0xb8, 0x00,
    ];
    for point in [[0; 32], one, prime, above, below, eight] {
        let text = bech32::encode("age", &point);
        assert!(text.parse::<Recipient>().is_err(), "{point:x?}");
    }
}

#[test]
fn a_file_needs_a_recipient_and_has_a_limit() {
    assert_eq!(encrypt(b"x", &[]).err(), Some(EncryptError::NoRecipient));
    let (theirs, ours) = pair();
    let many = vec![recipient_of(&theirs); STANZAS_MAX];
    let file = encrypt(b"x", &many).expect("the limit itself");
    assert_eq!(decrypt(&file, std::slice::from_ref(&ours)).as_deref(), Ok(&b"x".to_vec()));
    let more = vec![recipient_of(&theirs); STANZAS_MAX + 1];
    assert_eq!(encrypt(b"x", &more).err(), Some(EncryptError::TooManyRecipients));
    let stanza = "-> X\n\n".repeat(STANZAS_MAX + 1);
    let text = format!("age-encryption.org/v1\n{stanza}--- {}\n", "A".repeat(43));
    assert!(Header::read(text.as_bytes()).is_none());
    let long = "A".repeat(50 * 1024 * 1024);
    assert_eq!(decrypt_armored(&long, &[ours]).err(), Some(DecryptError::TooLong));
}

#[test]
fn no_two_files_of_one_text_are_alike() {
    let recipient = recipient_of(&pair().0);
    let [one, other] = [(); 2].map(|()| encrypt(b"012345", &[recipient]).expect("encrypted"));
    let end = one.iter().position(|byte| *byte == b'\n').expect("a line") + 1;
    assert_eq!(one[..end], other[..end]);
    let shared = one[end..].windows(16).filter(|part| other.windows(16).any(|its| its == *part));
    assert_eq!(shared.count(), 0);
}

#[test]
fn any_change_of_a_file_is_noticed() {
    let (theirs, ours) = pair();
    let ours = [ours];
    let file = encrypt(b"012345", &[recipient_of(&theirs)]).expect("encrypted");
    for at in 0..file.len() {
        for bit in 0..8 {
            let mut changed = file.clone();
            changed[at] ^= 1 << bit;
            assert!(decrypt(&changed, &ours).is_err(), "byte {at}, bit {bit}");
        }
        assert!(decrypt(&file[..at], &ours).is_err(), "cut off at {at}");
    }
    assert!(decrypt(&[&file[..], b"x"].concat(), &ours).is_err());
    let armored = armor::write(&file);
    for at in 0..armored.trim_end().len() {
        assert!(decrypt_armored(&armored[..at], &ours).is_err(), "cut off at {at}");
        let mut changed = armored.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).expect("ASCII");
        assert!(decrypt_armored(&changed, &ours).is_err(), "character {at}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_opens_for_every_recipient(
        text in prop::collection::vec(any::<u8>(), 0..3_000),
        count in 1_usize..5,
    ) {
        let keys: Vec<_> = (0..count).map(|_| pair()).collect();
        let recipients: Vec<Recipient> = keys.iter().map(|(theirs, _)| recipient_of(theirs)).collect();
        let armored = encrypt_armored(&text, &recipients).expect("encrypted");
        for (theirs, ours) in &keys {
            let opened = decrypt_armored(&armored, std::slice::from_ref(ours));
            prop_assert_eq!(opened.as_deref(), Ok(&text));
            let opened = their_decrypt(armored.as_bytes(), theirs);
            prop_assert_eq!(opened.as_ref(), Some(&text));
        }
    }

    #[test]
    fn armor_and_bech32_give_back_what_they_were_given(data in prop::collection::vec(any::<u8>(), 0..300)) {
        let read = armor::read(&armor::write(&data));
        prop_assert_eq!(read.as_ref(), Some(&data));
        let key = &data[..data.len().min(40)];
        let decoded = bech32::decode("age", &bech32::encode("age", key));
        prop_assert_eq!(decoded.as_deref().map(Vec::as_slice), Some(key));
    }

    #[test]
    fn no_input_makes_a_reader_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        lines in prop::collection::vec("(-> |---|age-encryption.org/v1|X25519|[A-Za-z0-9+/= ]{0,70}|\r)", 0..12),
    ) {
        let identities = [pair().1];
        let text = lines.join("\n");
        for bytes in [&bytes[..], text.as_bytes(), &[b"age-encryption.org/v1\n", text.as_bytes()].concat()] {
            prop_assert!(decrypt(bytes, &identities).is_err());
            let text = String::from_utf8_lossy(bytes);
            prop_assert!(decrypt_armored(&text, &identities).is_err());
            let armored = format!("-----BEGIN AGE ENCRYPTED FILE-----\n{text}\n-----END AGE ENCRYPTED FILE-----");
            prop_assert!(decrypt_armored(&armored, &identities).is_err());
            prop_assert!(text.parse::<Recipient>().is_err() && text.parse::<Identity>().is_err());
        }
    }
}
