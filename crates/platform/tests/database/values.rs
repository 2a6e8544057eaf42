//! Values of every type are read back as they were written.

use mainstay_domain::id::UserId;
use mainstay_domain::time::Timestamp;
use mainstay_platform::database::{
    Change, Column, Database, FromRow, Isolation, Json, JsonRef, Param, Row, Select, Sql, Tx,
};
use uuid::Uuid;

use crate::fixture::{Answer, UPDATE, boxed, permitted};
use crate::{change, on_both, select};

/// A row type defined by the test itself.
struct Named {
    id: i64,
    name: Option<String>,
}

impl FromRow for Named {
    fn from_row(row: &mut Row<'_>) -> Answer<Self> {
        let id = row.next()?;
        row.skip(1);
        Ok(Self {
            id,
            name: row.next()?,
        })
    }
}

/// Writes the value to a column of the given SQL type and reads it back.
async fn round_trip<P: Param + Send + Sync, C: Column + Send>(tx: &mut Tx, ty: &str, value: P) -> Answer<C> {
    let column = match ty {
        "BLOB" => "bytea".to_owned(),
        other => other.to_lowercase().replace(' ', "_"),
    };
    tx.execute(change!("samples", "DELETE FROM samples"), &[]).await?;
    let insert = Sql::owned(format!("INSERT INTO samples ({column}) VALUES ($1)"));
    let insert = Change::new("samples", &[UPDATE], insert);
    tx.execute(permitted(&insert), &[&value]).await?;
    let select = Select::new(Sql::owned(format!("SELECT {column} FROM samples")));
    tx.one(&select, &[]).await
}

on_both! {
    async fn values_are_read_back_as_they_were_written(db: Database) {
        db.write(Isolation::ReadCommitted, |tx| {
            boxed(async move {
                for integer in [i64::MIN, -1, 0, 1, i64::MAX] {
                    assert_eq!(round_trip::<_, i64>(tx, "BIGINT", integer).await?, integer);
                }
                assert_eq!(round_trip::<_, i32>(tx, "BIGINT", i32::MIN).await?, i32::MIN);
                assert!(round_trip::<_, bool>(tx, "BOOLEAN", true).await?);
                assert!(!round_trip::<_, bool>(tx, "BOOLEAN", false).await?);
                for text in ["", "ä€𝄞 'quoted' \"twice\"\n\t", &"long ".repeat(10_000)] {
                    assert_eq!(round_trip::<_, String>(tx, "TEXT", text).await?, text);
                }
                for bytes in [vec![], vec![0, 255, 0], vec![7; 100_000]] {
                    assert_eq!(round_trip::<_, Vec<u8>>(tx, "BLOB", bytes.clone()).await?, bytes);
                }
                assert_eq!(round_trip::<_, [u8; 3]>(tx, "BLOB", [1, 2, 3]).await?, [1, 2, 3]);
                let id = UserId::from_uuid(Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef));
                assert_eq!(round_trip::<_, UserId>(tx, "UUID", id).await?, id);
                assert_eq!(round_trip::<_, Uuid>(tx, "UUID", &id).await?, id.uuid());
                for instant in [Timestamp::from_micros(i64::MAX), Timestamp::from_micros(-1)] {
                    assert_eq!(round_trip::<_, Timestamp>(tx, "BIGINT", instant).await?, instant);
                }
                assert_eq!(round_trip::<_, f64>(tx, "DOUBLE PRECISION", -0.5).await?, -0.5);
                Ok(())
            })
        })
        .await
        .unwrap();
    }

    async fn null_is_read_back_as_none(db: Database) {
        db.write(Isolation::ReadCommitted, |tx| {
            boxed(async move {
                assert_eq!(round_trip::<_, Option<i64>>(tx, "BIGINT", None::<i64>).await?, None);
                assert_eq!(round_trip::<_, Option<bool>>(tx, "BOOLEAN", None::<bool>).await?, None);
                assert_eq!(round_trip::<_, Option<String>>(tx, "TEXT", None::<&str>).await?, None);
                assert_eq!(round_trip::<_, Option<Vec<u8>>>(tx, "BLOB", None::<Vec<u8>>).await?, None);
                assert_eq!(round_trip::<_, Option<UserId>>(tx, "UUID", None::<UserId>).await?, None);
                assert_eq!(round_trip::<_, Option<Timestamp>>(tx, "BIGINT", None::<Timestamp>).await?, None);
                assert_eq!(round_trip::<_, Option<Json>>(tx, "JSONB", None::<Json>).await?, None);
                assert_eq!(round_trip::<_, Option<i64>>(tx, "BIGINT", Some(5)).await?, Some(5));
                assert_eq!(round_trip::<_, Option<String>>(tx, "TEXT", Some("x")).await?.as_deref(), Some("x"));
                Ok(())
            })
        })
        .await
        .unwrap();
    }

    async fn json_is_read_back_as_an_equal_document(db: Database) {
        let text = r#"{"name": "ä", "list": [1, null, true], "text": "a\"b"}"#;
        db.write(Isolation::ReadCommitted, move |tx| {
            boxed(async move {
                let parse = |json: Json| serde_json::from_str::<serde_json::Value>(&json.0).unwrap();
                let wanted: serde_json::Value = serde_json::from_str(text).unwrap();
                assert_eq!(parse(round_trip(tx, "JSONB", JsonRef(text)).await?), wanted);
                assert_eq!(parse(round_trip(tx, "JSONB", Json(text.to_owned())).await?), wanted);
                assert_eq!(round_trip::<_, Json>(tx, "TEXT", JsonRef(text)).await?.0, text);
                Ok(())
            })
        })
        .await
        .unwrap();
    }

    async fn rows_are_read_column_by_column(db: Database) {
        db.write(Isolation::ReadCommitted, |tx| {
            boxed(async move {
                let row: (i64, Option<String>, bool) =
                    tx.one(select!("SELECT CAST($1 AS BIGINT), CAST($2 AS TEXT), 1 = 1"), &[&7, &None::<&str>]).await?;
                assert_eq!(row, (7, None, true));
                let named: Vec<Named> = tx
                    .all(select!("SELECT CAST($2 AS BIGINT), 'x', CAST($1 AS TEXT)"), &[&"second placed first", &9])
                    .await?;
                assert_eq!((named[0].id, named[0].name.as_deref()), (9, Some("second placed first")));
                Ok(())
            })
        })
        .await
        .unwrap();
    }
}
