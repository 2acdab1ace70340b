//! Commands and responses of Redis: every argument but the first is a value, and all of those of a command that is not known.

use super::Redactor;
use super::names::SecretKind;
use std::collections::HashSet;
use std::sync::LazyLock;

/// Commands of Redis and Valkey, each with its subcommands after bars. The argument of another one may be a password, as in `AUHT x`.
const COMMANDS: &str = "\
    ACL|CAT|DELUSER|DRYRUN|GENPASS|GETUSER|HELP|LIST|LOAD|LOG|SAVE|SETUSER|USERS|WHOAMI APPEND ASKING AUTH \
    BGREWRITEAOF BGSAVE BITCOUNT BITFIELD BITFIELD_RO BITOP BITPOS BLMOVE BLMPOP BLPOP BRPOP BRPOPLPUSH BZMPOP \
    BZPOPMAX BZPOPMIN \
    CLIENT|CACHING|CAPA|GETNAME|GETREDIR|HELP|ID|IMPORT-SOURCE|INFO|KILL|LIST|NO-EVICT|NO-TOUCH|PAUSE|REPLY|SETINFO|\
    SETNAME|TRACKING|TRACKINGINFO|UNBLOCK|UNPAUSE \
    CLUSTER|ADDSLOTS|ADDSLOTSRANGE|BUMPEPOCH|CANCELSLOTMIGRATIONS|COUNT-FAILURE-REPORTS|COUNTKEYSINSLOT|DELSLOTS|\
    DELSLOTSRANGE|FAILOVER|FLUSHSLOTS|FORGET|GETKEYSINSLOT|GETSLOTMIGRATIONS|HELP|INFO|KEYSLOT|LINKS|MEET|\
    MIGRATESLOTS|MIGRATION|MYID|MYSHARDID|NODES|REPLICAS|REPLICATE|RESET|SAVECONFIG|SET-CONFIG-EPOCH|SETSLOT|SHARDS|\
    SLAVES|SLOT-STATS|SLOTS \
    COMMANDLOG|GET|HELP|LEN|RESET COMMAND|COUNT|DOCS|GETKEYS|GETKEYSANDFLAGS|HELP|INFO|LIST \
    CONFIG|GET|HELP|RESETSTAT|REWRITE|SET COPY DBSIZE \
    DEBUG|ASSERT|CHANGE-REPL-ID|CRASH-AND-RECOVER|DIGEST|DIGEST-VALUE|DROP-CLUSTER-PACKET-FILTER|ERROR|HELP|HTSTATS|\
    HTSTATS-KEY|JEMALLOC|JMAP|LEAK|LISTPACK|LOADAOF|LOG|MALLCTL|OBJECT|OOM|PANIC|POPULATE|PROTOCOL|\
    QUICKLIST-PACKED-THRESHOLD|RELOAD|REPLYBUFFER|RESTART|SDSLEN|SEGFAULT|SET-ACTIVE-EXPIRE|SLEEP|STRINGMATCH-LEN|\
    STRUCTSIZE|ZIPLIST \
    DECR DECRBY DEL DELEX DELIFEQ DIGEST DISCARD DUMP ECHO EVAL EVALSHA EVALSHA_RO EVAL_RO EXEC EXISTS EXPIRE \
    EXPIREAT EXPIRETIME FAILOVER FCALL FCALL_RO FLUSHALL FLUSHDB \
    FUNCTION|DELETE|DUMP|FLUSH|HELP|KILL|LIST|LOAD|RESTORE|STATS GEOADD GEODIST GEOHASH GEOPOS GEORADIUS \
    GEORADIUSBYMEMBER GEORADIUSBYMEMBER_RO GEORADIUS_RO GEOSEARCH GEOSEARCHSTORE GET GETBIT GETDEL GETEX GETRANGE \
    GETSET HDEL HELLO HEXISTS HEXPIRE HEXPIREAT HEXPIRETIME HGET HGETALL HGETDEL HGETEX HINCRBY HINCRBYFLOAT HKEYS \
    HLEN HMGET HMSET HPERSIST HPEXPIRE HPEXPIREAT HPEXPIRETIME HPTTL HRANDFIELD HSCAN HSET HSETEX HSETNX HSTRLEN \
    HTTL HVALS INCR INCRBY INCRBYFLOAT INFO KEYS LASTSAVE LATENCY|DOCTOR|GRAPH|HELP|HISTOGRAM|HISTORY|LATEST|RESET \
    LCS LINDEX LINSERT LLEN LMOVE LMPOP LOLWUT LPOP LPOS LPUSH LPUSHX LRANGE LREM LSET LTRIM \
    MEMORY|DOCTOR|HELP|MALLOC-STATS|PURGE|STATS|USAGE MGET MIGRATE MODULE|HELP|LIST|LOAD|LOADEX|UNLOAD MONITOR MOVE \
    MSET MSETEX MSETNX MULTI OBJECT|ENCODING|FREQ|HELP|IDLETIME|REFCOUNT PERSIST PEXPIRE PEXPIREAT PEXPIRETIME PFADD \
    PFCOUNT PFDEBUG PFMERGE PFSELFTEST PING PSETEX PSUBSCRIBE PSYNC PTTL PUBLISH \
    PUBSUB|CHANNELS|HELP|NUMPAT|NUMSUB|SHARDCHANNELS|SHARDNUMSUB PUNSUBSCRIBE QUIT RANDOMKEY READONLY READWRITE \
    RENAME RENAMENX REPLCONF REPLICAOF RESET RESTORE RESTORE-ASKING ROLE RPOP RPOPLPUSH RPUSH RPUSHX SADD SAVE SCAN \
    SCARD SCRIPT|DEBUG|EXISTS|FLUSH|HELP|KILL|LOAD SDIFF SDIFFSTORE SELECT \
    SENTINEL|CKQUORUM|CONFIG|DEBUG|FAILOVER|FLUSHCONFIG|GET-MASTER-ADDR-BY-NAME|HELP|INFO-CACHE|\
    IS-MASTER-DOWN-BY-ADDR|MASTER|MASTERS|MONITOR|MYID|PENDING-SCRIPTS|PRIMARIES|PRIMARY|REMOVE|REPLICAS|RESET|\
    SENTINELS|SET|SIMULATE-FAILURE|SLAVES \
    SET SETBIT SETEX SETNX SETRANGE SHUTDOWN SINTER SINTERCARD SINTERSTORE SISMEMBER SLAVEOF \
    SLOWLOG|GET|HELP|LEN|RESET SMEMBERS SMISMEMBER SMOVE SORT SORT_RO SPOP SPUBLISH SRANDMEMBER SREM SSCAN \
    SSUBSCRIBE STRLEN SUBSCRIBE SUBSTR SUNION SUNIONSTORE SUNSUBSCRIBE SWAPDB SYNC TIME TOUCH TTL TYPE UNLINK \
    UNSUBSCRIBE UNWATCH VADD VCARD VDIM VEMB VGETATTR VINFO VISMEMBER VLINKS VRANDMEMBER VRANGE VREM VSETATTR VSIM \
    WAIT WAITAOF WATCH XACK XACKDEL XADD XAUTOCLAIM XCLAIM XDEL XDELEX \
    XGROUP|CREATE|CREATECONSUMER|DELCONSUMER|DESTROY|HELP|SETID XINFO|CONSUMERS|GROUPS|HELP|STREAM XLEN XPENDING \
    XRANGE XREAD XREADGROUP XREVRANGE XSETID XTRIM ZADD ZCARD ZCOUNT ZDIFF ZDIFFSTORE ZINCRBY ZINTER ZINTERCARD \
    ZINTERSTORE ZLEXCOUNT ZMPOP ZMSCORE ZPOPMAX ZPOPMIN ZRANDMEMBER ZRANGE ZRANGEBYLEX ZRANGEBYSCORE ZRANGESTORE \
    ZRANK ZREM ZREMRANGEBYLEX ZREMRANGEBYRANK ZREMRANGEBYSCORE ZREVRANGE ZREVRANGEBYLEX ZREVRANGEBYSCORE ZREVRANK \
    ZSCAN ZSCORE ZUNION ZUNIONSTORE";
/// Begins of the names of commands of modules, such as `JSON.SET`.
const MODULES: [&str; 10] = ["BF", "CF", "CMS", "FT", "GRAPH", "JSON", "TDIGEST", "TFUNCTION", "TOPK", "TS"];

/// Names of commands, with their subcommands after a blank.
static KNOWN: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let names = COMMANDS.split_ascii_whitespace().flat_map(|entry| {
        let mut words = entry.split('|');
        let command = words.next().unwrap_or_default();
        words.map(move |word| format!("{command} {word}")).chain([command.to_owned()])
    });
    names.collect()
});

/// Returns whether a command, with its subcommand if it has one, is known.
pub(super) fn is_known_command(name: &[u8]) -> bool {
    let name = String::from_utf8_lossy(name).to_ascii_uppercase();
    let module = name.split_once('.').map_or("", |(module, _)| module);
    KNOWN.contains(&name) || MODULES.contains(&module)
}

/// Commands whose first argument is a value or a script.
const WITHOUT_KEY: [&[u8]; 6] = [b"ECHO", b"PING", b"EVAL", b"EVAL_RO", b"SCRIPT LOAD", b"FUNCTION LOAD"];

/// Returns the arguments of a command with a mark for all but the first one, which often is a key.
pub(super) fn arguments(redactor: &Redactor, command: &[u8], text: &[u8]) -> Option<Vec<u8>> {
    let has_key = is_known_command(command) && !WITHOUT_KEY.iter().any(|own| own.eq_ignore_ascii_case(command));
    if !has_key && !text.is_empty() {
        return Some(redactor.mark(SecretKind::RedisValue, text));
    }
    let is_quoted = text.first() == Some(&b'"');
    let end = match is_quoted {
        true => text.iter().skip(1).position(|&byte| byte == b'"').map(|at| at + 2),
        false => memchr::memchr(b' ', text),
    };
    let (key, rest) = text.split_at_checked(end.unwrap_or(text.len()))?;
    let key = redactor.text(key).unwrap_or_else(|| key.to_vec());
    let rest = rest.trim_ascii();
    if rest.is_empty() {
        return Some(key);
    }
    Some([&key[..], b" ", &redactor.mark(SecretKind::RedisValue, rest)].concat())
}

/// Returns a command or a response with its first words: the name and the key.
pub(super) fn command(redactor: &Redactor, text: &[u8]) -> Option<Vec<u8>> {
    let direction = text.iter().position(|&byte| byte == b' ').filter(|at| text.get(at - 1) == Some(&b':'));
    let (before, rest) = text.split_at_checked(direction.map_or(0, |at| at + 1))?;
    if before.starts_with(b"Response") {
        return Some([before, &response(redactor, rest)?].concat());
    }
    let end = |text: &[u8]| memchr::memchr(b' ', text).unwrap_or(text.len());
    let first = end(rest);
    let has_subcommand = dissectors::redis_has_subcommand(rest.get(..first)?);
    let name = if has_subcommand {
        (first + 1 + end(rest.get(first + 1..).unwrap_or_default())).min(rest.len())
    } else {
        first
    };
    let (word, rest) = rest.split_at_checked(name)?;
    let own = arguments(redactor, word, rest.trim_ascii()).unwrap_or_default();
    Some([before, word, b" ", &own].concat().trim_ascii_end().to_vec())
}

/// Statuses and codes of errors, which are shown. Scripts may answer with others.
const STATUSES: [&[u8]; 33] = [
    b"OK",
    b"PONG",
    b"QUEUED",
    b"ERR",
    b"WRONGTYPE",
    b"NOAUTH",
    b"WRONGPASS",
    b"NOPERM",
    b"NOPROTO",
    b"MOVED",
    b"ASK",
    b"LOADING",
    b"BUSY",
    b"OOM",
    b"CLUSTERDOWN",
    b"TRYAGAIN",
    b"CROSSSLOT",
    b"MASTERDOWN",
    b"MISCONF",
    b"READONLY",
    b"NOREPLICAS",
    b"UNKILLABLE",
    b"EXECABORT",
    b"NOSCRIPT",
    b"NOTBUSY",
    b"BUSYKEY",
    b"BUSYGROUP",
    b"NOGROUP",
    b"UNBLOCKED",
    b"nil",
    b"INPROG",
    b"FULLRESYNC",
    b"CONTINUE",
];

/// Returns a response with its first word, if that is a known status such as OK or WRONGTYPE. `None` if it has no more.
pub(super) fn response(redactor: &Redactor, text: &[u8]) -> Option<Vec<u8>> {
    let len = text.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    let (status, rest) = text.split_at_checked(len)?;
    let is_known = STATUSES.contains(&status);
    match rest {
        [] if text.is_empty() || is_known => None,
        [b' ', value @ ..] if is_known => Some([status, b" ", &redactor.mark(SecretKind::RedisValue, value)].concat()),
        _ => Some(redactor.mark(SecretKind::RedisValue, text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::tests::redactor;

    #[test]
    fn arguments_have_marks_and_those_of_unknown_commands_have_no_key() {
        let own = redactor();
        let mark = |text: &str| String::from_utf8(own.mark(SecretKind::RedisValue, text.as_bytes())).expect("ASCII");
        let shown = |text: Option<Vec<u8>>| String::from_utf8(text.expect("a change")).expect("ASCII");
        assert_eq!(shown(arguments(&own, b"SET", b"user:1 EX 10 x")), format!("user:1 {}", mark("EX 10 x")));
        assert_eq!(shown(arguments(&own, b"SET", b"user:1")), "user:1");
        assert_eq!(shown(arguments(&own, b"echo", b"x")), mark("x"));
        assert_eq!(shown(arguments(&own, b"JSON.SET", b"doc $ 1")), format!("doc {}", mark("$ 1")));
        assert_eq!(shown(arguments(&own, b"auht", b"x y")), mark("x y"));
        assert_eq!(shown(arguments(&own, b"CONFIG REQUIREPASS", b"x")), mark("x"));
        assert_eq!(shown(command(&own, b"Request: AUHT x")), format!("Request: AUHT {}", mark("x")));
        assert_eq!(shown(command(&own, b"config requirepass x")), format!("config requirepass {}", mark("x")));
        assert_eq!(shown(command(&own, b"config set a x")), format!("config set a {}", mark("x")));
    }
}
