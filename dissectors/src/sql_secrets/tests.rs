//! Statements with passwords, and statements that look like some.

use super::*;
use crate::sql_text::digest;
use alloc::format;
use alloc::string::String;

fn shown(statement: &str, double_quotes: DoubleQuotes) -> String {
    let secrets = Secrets::find(statement.as_bytes(), double_quotes, 0);
    let shown = secrets.and_then(|secrets| secrets.replace(statement.as_bytes()));
    shown.map_or(statement.into(), |shown| String::from_utf8_lossy(&shown).into_owned())
}

/// Checks statements, in which `«x»` is a password and becomes `'(redacted)'`.
fn check(statements: &[&str]) {
    for marked in statements {
        let statement = marked.replace(['«', '»'], "");
        let mut expected = String::new();
        for (nth, part) in marked.split(['«', '»']).enumerate() {
            expected.push_str(if nth % 2 == 0 { part } else { "'(redacted)'" });
        }
        assert_eq!(shown(&statement, DoubleQuotes::Text), expected, "{statement}");
        let digests = [&statement, &expected].map(|text| digest(text.as_bytes(), DoubleQuotes::Text));
        assert_eq!(digests[0], digests[1], "{statement}");
    }
}

#[test]
fn passwords_are_replaced_in_each_statement_that_has_some() {
    check(&[
        "CREATE USER a PASSWORD «'x''y'»",
        "alter role a with encrypted password «E'\\'x'» valid until '2030'",
        "ALTER ROLE a PASSWORD «$$x$$»;",
        "ALTER ROLE a PASSWORD U&«'\\0078'» CREATEDB",
        "CREATE USER 'a'@'%' IDENTIFIED BY /* x */ «'x'», 'b' IDENTIFIED WITH 'p' BY «\"y\"»",
        "ALTER USER a IDENTIFIED BY «'x'» REPLACE «'y'» RETAIN CURRENT PASSWORD",
        "GRANT ALL ON t.* TO a IDENTIFIED BY PASSWORD «'*AB'» WITH MAX_USER_CONNECTIONS 3",
        "CREATE USER a IDENTIFIED VIA p USING «'h'» OR q USING PASSWORD(«'x'»)",
        "CREATE USER a IDENTIFIED WITH p AS concat(«'x'», «'y'») COMMENT 'c'",
        "SET PASSWORD FOR 'a'@'h' = «'x'»",
        "SET PASSWORD FOR 'a'@'h' = «'x'» REPLACE «'y'» RETAIN CURRENT PASSWORD",
        "set password = PASSWORD(«'x'»)",
        "SET PASSWORD TO RANDOM REPLACE «'y'»",
        "CHANGE MASTER TO MASTER_HOST='h', MASTER_PASSWORD=«'x'», MASTER_PORT=1",
        "CREATE USER MAPPING FOR a SERVER s OPTIONS (user 'u', password «'x'»)",
        "CREATE USER a /*!50000 IDENTIFIED BY «'x'» */",
        "ALTER ROLE a PASSWORD «'not closed»",
        "SELECT 1; ALTER ROLE a PASSWORD «'x'»",
        "SET app.password TO «'x'»",
        "SET @new_password := «'x'», @b = 'y'",
    ]);
}

#[test]
fn every_literal_of_an_expression_is_replaced() {
    check(&[
        "UPDATE u SET `password` = crypt(«'x'», gen_salt(«'bf'»)) WHERE id = 1",
        "UPDATE u SET name = 'n', password = «'x'» || name || «'y'», b = 'z' WHERE id = 1",
        "UPDATE u SET password = COALESCE(NULL, «'x'») LIMIT 5",
        "UPDATE u SET password = CASE WHEN id = «1» AND b = «2» THEN «'x'» ELSE lower(«'y'») END, c = 3",
        "SELECT CASE WHEN password = «'x'» THEN 'yes' ELSE 'no' END FROM u WHERE a = 'b'",
        "SELECT a FROM u WHERE password LIKE «'x%'» ESCAPE «'!'» AND name = 'n'",
        "SELECT a FROM u WHERE u.password NOT IN («'x'», «'y'») OR name IN ('n', 'm')",
        "SELECT a FROM u WHERE (password BETWEEN «'x'» AND «'y'») AND name = 'n'",
        "SELECT a FROM u WHERE password BETWEEN «'x'» AND «'y'» AND name = 'n'",
        "SELECT a FROM u WHERE password = ANY(ARRAY[«'x'», «'y'»]) ORDER BY 2",
        "SELECT a FROM u WHERE name = 'n' AND crypt(«'x'», password) = password LIMIT 1",
        "SELECT a FROM u WHERE name = 'n' AND SHA2(«'x'», «256») = u.passwd_hash",
        "SELECT 'n' AS name, «'x'» AS password",
        "CALL login(name => 'n', password => «'x'», age => 3)",
        "CREATE TABLE u (id int DEFAULT 1, password varchar(20) DEFAULT «'x'», b text DEFAULT 'y')",
        "SELECT * FROM u WHERE password IS NOT NULL AND pwd = «1234»",
    ]);
}

#[test]
fn values_are_replaced_by_the_position_of_their_column() {
    check(&[
        "INSERT INTO users (name, password) VALUES ('n', «'x'»)",
        "INSERT INTO users(id, `password`, name) VALUES (1, «'x'», 'n'), (2, concat(«'y'», «'z'»), ('m'))",
        "REPLACE INTO users (password, name) VALUE («'x'», 'n') ON DUPLICATE KEY UPDATE name = 'm'",
        "INSERT INTO users (name, password) SELECT 'n', «'x'» FROM t WHERE a = 'b'",
        "INSERT INTO users (name, password) OVERRIDING USER VALUE VALUES ('n', «'x'») RETURNING 'r'",
        "INSERT INTO users (name, password) VALUES ('n', «'x'») ON CONFLICT DO UPDATE SET password = «'y'»",
        "UPDATE users SET (name, password) = ('n', «'x'») WHERE id = 1",
        "UPDATE users SET (name, password) = ROW('n', «'x'»)",
        "SELECT * FROM users WHERE (name, password) IN (('n', «'x'»), ('m', «'y'»)) AND a IN ('b', 'c')",
        "INSERT INTO users SET name = 'n', password = «'x'»",
        "MERGE INTO users USING s ON a = 'b' WHEN NOT MATCHED THEN INSERT (a, password) VALUES ('n', «'x'»)",
    ]);
}

#[test]
fn texts_that_have_a_password_are_replaced() {
    check(&[
        "CREATE SUBSCRIPTION s CONNECTION «'host=h password=x'» PUBLICATION p",
        "SELECT dblink_connect('c', «'postgresql://u:x@h/d'»)",
        "SELECT * FROM mysql(«'mysql://u:x@h:3306/d'», 'other')",
        "PREPARE p FROM «'ALTER USER a IDENTIFIED BY ''x'''»",
        "PREPARE p FROM «'SET PASSWORD = PASSWORD(\\'x\\')'»",
        "DO «$$ BEGIN EXECUTE 'ALTER ROLE a PASSWORD ''x'''; END $$»",
        "DO «$a$ BEGIN EXECUTE format('ALTER ROLE a PASSWORD %L', 'x'); END $a$»",
        "DO «$a$ BEGIN INSERT INTO u (name, password) VALUES ('n', 'x'); END $a$»",
        "EXECUTE IMMEDIATE «\"ALTER USER a IDENTIFIED BY 'x'\"»",
        "EXECUTE IMMEDIATE 'ALTER USER a IDENTIFIED BY ?' USING «'x'», «'y'»",
        "EXECUTE IMMEDIATE CONCAT(«'ALTER USER a IDENTIFIED BY '''», «'x'», '''')",
        "SELECT format('ALTER ROLE %I PASSWORD %L', «'a'», «'x'»), 'y'",
        "SELECT 'ALTER ROLE a PASSWORD ' || quote_literal(«'x'») || «''», 'y'",
        "SELECT set_config('app.password', «'x'», false), 'y'",
        "SELECT jsonb_build_object('name', 'n', 'password', «'x'», 'age', 3)",
        "INSERT INTO settings (name, value) VALUES ('password', «'x'»), ('lang', 'en')",
        "INSERT INTO j VALUES (1, «'{\"name\":\"n\",\"password\":\"x\"}'»)",
        "SELECT * FROM j WHERE data->>'password' = «'x'» AND a = 'b'",
    ]);
}

#[test]
fn comments_that_have_a_password_are_replaced() {
    for (statement, expected) in [
        ("SELECT 1 -- password=x\n, 2", "SELECT 1 /* (redacted) */ , 2"),
        ("SELECT /* a */ 1 /* b */ /* ALTER ROLE a PASSWORD 'x' */", "SELECT /* a */ 1 /* (redacted) */ "),
        ("/* url: mysql://u:x@h/d */ SELECT 1", " /* (redacted) */ SELECT 1"),
        ("SELECT 1 /* password */ -- the password is old", "SELECT 1 /* password */ -- the password is old"),
        ("SELECT 1 /* see https://h/passwords?a=b */", "SELECT 1 /* see https://h/passwords?a=b */"),
    ] {
        assert_eq!(shown(statement, DoubleQuotes::Text), expected);
    }
}

#[test]
fn other_literals_stay() {
    for statement in [
        "SELECT name FROM users WHERE id = 1",
        "ALTER USER a PASSWORD EXPIRE INTERVAL 3 DAY ACCOUNT LOCK COMMENT 'x'",
        "INSERT INTO t VALUES ('no password here', 'identity')",
        "UPDATE users SET password = $1, note = 'x'",
        "CREATE USER a PASSWORD NULL VALID UNTIL '2030'",
        "SELECT 'x' FROM \"password\"",
        "CREATE TABLE u (id int, password varchar(255) NOT NULL, name text DEFAULT 'x')",
        "SELECT k FROM t WHERE k IN ('name', 'password', 'email')",
        "SELECT * FROM password_resets WHERE email = 'a@b' AND password_changed_at > '2030'",
        "SELECT password, 'x' FROM users WHERE id = 3 AND url = 'https://h:80/p@q'",
        "INSERT INTO users (name, password) SELECT name, password FROM t WHERE a = 'b'",
        "PREPARE p FROM 'UPDATE users SET password = ? WHERE name = ?'",
        "SELECT column_name FROM columns WHERE column_name LIKE '%password%' AND table_name = 'users'",
        "CREATE USER a IDENTIFIED BY RANDOM PASSWORD COMMENT 'x'",
    ] {
        assert_eq!(shown(statement, DoubleQuotes::Name), statement);
    }
}

#[test]
fn messages_of_servers_that_have_a_password_are_found() {
    for (message, expected) in [
        ("Access denied for user 'a'@'h' (using password: YES)", false),
        ("password authentication failed for user \"a\"", false),
        ("near 'PASSWORD 'x'' at line 1", true),
        ("could not connect: host=h password=x", true),
    ] {
        assert_eq!(mentions_secret(message.as_bytes(), DoubleQuotes::Text), expected, "{message}");
    }
}

#[test]
fn parameters_that_are_passwords_are_found() {
    for (statement, expected) in [
        ("INSERT INTO users (name, password, age) VALUES ($1, $2, $3)", &[1][..]),
        ("INSERT INTO users (name, password) VALUES (?, ?), (?, SHA2(?, 256))", &[1, 3]),
        ("UPDATE users SET name = ?, password = ? WHERE id = ?", &[1]),
        ("SELECT id FROM users WHERE name = $1 AND crypt($2, password) = password", &[1]),
        ("SELECT id FROM users WHERE $2 = password AND id = $1", &[1]),
        ("ALTER ROLE a PASSWORD $1", &[0]),
        ("SELECT set_config('app.password', $1, true)", &[0]),
        ("SELECT id FROM users WHERE name = $1", &[]),
        ("SELECT password FROM users WHERE name = $1", &[]),
    ] {
        let secrets = Secrets::find(statement.as_bytes(), DoubleQuotes::Name, 0).unwrap_or_default();
        assert_eq!(secrets.parameters, expected, "{statement}");
    }
}

#[test]
fn statements_of_any_length_are_read_once() {
    let long = "PASSWORD 'x' ".repeat(20_000);
    let own = shown(&long, DoubleQuotes::Name);
    assert!(!own.contains("'x'") && own.len() == 20_000 * "PASSWORD '(redacted)' ".len());
    // Groups, texts in texts, and names before literals: none takes more than a moment.
    for long in ["password = (".repeat(20_000), "$a$ password ".repeat(20_000), "('x', password = ".repeat(20_000)] {
        shown(&long, DoubleQuotes::Name);
    }
    // Literals that are hidden already are not read again.
    let literals = "'a' || ".repeat(20_000);
    for long in [
        format!("SELECT {literals} 'a' {}", "= password ".repeat(20_000)),
        format!("SELECT crypt('a', {}", "'a', password, ".repeat(20_000)),
    ] {
        let secrets = Secrets::find(long.as_bytes(), DoubleQuotes::Text, 0).unwrap_or_default();
        assert!(secrets.replaced.len() <= 20_001 && !shown(&long, DoubleQuotes::Text).contains("'a'"));
    }
    let nested = ["'password ", "'' ''", "password:"].map(|text| text.repeat(20_000)).concat();
    shown(&nested, DoubleQuotes::Text);
}
