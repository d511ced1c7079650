//! Ten codes for whoever has lost their authenticator app. Each works once.

use sha2::{Digest, Sha256};
use sqlx::{SqliteConnection, SqliteExecutor};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::config::Random;

const COUNT: usize = 10;

/// 80 bits: too many to be guessed, so a plain hash is enough.
const CODE_BYTES: usize = 10;

/// Crockford's base 32, which has no letters that look alike.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// How many characters stand together.
const GROUP: usize = 4;

/// Replaces the codes of a person, and returns the new ones.
pub(super) async fn replace(
    connection: &mut SqliteConnection,
    user: Uuid,
    random: &Random,
) -> sqlx::Result<Vec<Zeroizing<String>>> {
    forget(connection, user).await?;
    let mut shown = Vec::with_capacity(COUNT);
    for _ in 0..COUNT {
        let mut bytes = Zeroizing::new([0; CODE_BYTES]);
        random(&mut bytes[..]);
        let code = encode(&bytes);
        sqlx::query("INSERT INTO recovery_codes (user_id, hash) VALUES (?, ?)")
            .bind(user.to_string())
            .bind(&hash(&code)[..])
            .execute(&mut *connection)
            .await?;
        shown.push(grouped(&code));
    }
    Ok(shown)
}

/// Uses up a code. Returns false if the person has no such code, or not any more.
pub(super) async fn use_up(connection: &mut SqliteConnection, user: Uuid, code: &str) -> sqlx::Result<bool> {
    let deleted = sqlx::query("DELETE FROM recovery_codes WHERE user_id = ? AND hash = ?")
        .bind(user.to_string())
        .bind(&hash(code)[..])
        .execute(connection)
        .await?;
    Ok(deleted.rows_affected() > 0)
}

pub(super) async fn left(executor: impl SqliteExecutor<'_>, user: Uuid) -> sqlx::Result<u32> {
    sqlx::query_scalar("SELECT count(*) FROM recovery_codes WHERE user_id = ?")
        .bind(user.to_string())
        .fetch_one(executor)
        .await
}

pub(super) async fn forget(connection: &mut SqliteConnection, user: Uuid) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM recovery_codes WHERE user_id = ?")
        .bind(user.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

fn encode(bytes: &[u8; CODE_BYTES]) -> Zeroizing<String> {
    let letter = |index: usize| {
        let (byte, shift) = (index * 5 / 8, index * 5 % 8);
        let pair = u16::from_be_bytes([bytes[byte], bytes.get(byte + 1).copied().unwrap_or_default()]);
        char::from(ALPHABET[usize::from(pair >> (11 - shift) & 31)])
    };
    Zeroizing::new((0..CODE_BYTES * 8 / 5).map(letter).collect())
}

fn grouped(code: &str) -> Zeroizing<String> {
    let mut shown = Zeroizing::new(String::with_capacity(code.len() + code.len() / GROUP));
    for (index, letter) in code.chars().enumerate() {
        if index > 0 && index % GROUP == 0 {
            shown.push('-');
        }
        shown.push(letter);
    }
    shown
}

fn hash(code: &str) -> [u8; 32] {
    Sha256::new().chain_update("recovery code\0").chain_update(code).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_all_of_its_bits_in_four_groups() {
        assert_eq!(*grouped(&encode(&[0; CODE_BYTES])), "0000-0000-0000-0000");
        assert_eq!(*grouped(&encode(&[0xff; CODE_BYTES])), "zzzz-zzzz-zzzz-zzzz");
        let mut bytes = [0; CODE_BYTES];
        bytes[9] = 1;
        assert_eq!(*encode(&bytes), "0000000000000001");
        bytes = [0; CODE_BYTES];
        bytes[0] = 0b0000_1000;
        assert_eq!(*encode(&bytes), "1000000000000000");
    }
}
