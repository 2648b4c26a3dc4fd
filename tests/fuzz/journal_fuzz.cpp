// Whatever stands on the disk: the journal reads it or says that it is broken; and what was appended comes back.
// Input: parts with their length in front: what stands in the meta table, a cursor, a key among the ids, then records.
#include "broker/journal/journal.h"
#include "tests/fuzz/folder.h"
#include "tests/fuzz/properties.h"

using namespace parley;
using fuzz::invariant;

namespace {

const service::Time now{std::chrono::seconds(1'700'000'000)};

void fill(store::Env& env, std::string_view rest) {
    store::Table records(env, "journal"), earlier_ids(env, "journal_ids"), ids(env, "journal_ids.generations"), cursors(env, "journal_cursors"), meta(env, "journal_meta");
    store::WriteTxn txn(env);
    if (const auto first = fuzz::take_part(rest); !first.empty()) meta.put(txn, "first", first);
    if (const auto place = fuzz::take_part(rest); !place.empty()) cursors.put(txn, "indexer", place);
    if (const auto key = fuzz::take_part(rest); !key.empty() && key.size() <= 511) ids.put(txn, key, store::key_of(1));
    for (std::uint64_t sequence = 1; !rest.empty() && sequence < 32; ++sequence) {
        const auto record = fuzz::take_part(rest);
        records.put(txn, store::key_of(sequence), record);
        if (record.size() >= 24 && sequence % 2 == 0) earlier_ids.put(txn, record.substr(8, 16), store::key_of(sequence));
        else if (record.size() >= 24) ids.put(txn, std::string(4, '\0').append(record.substr(8, 16)), store::key_of(sequence));
    }
    txn.commit();
}

void walk(store::Env& env) {
    journal::Journal journal(env);
    for (const auto& [name, place] : journal.cursors()) invariant(!name.empty(), "a cursor has a name");
    {
        const store::ReadTxn txn(env);
        bus::Sequence last = 0;
        journal.each(txn, 0, [&](const journal::Record& record) {
            invariant(record.sequence > last && record.sequence >= journal.first(), "records come in order");
            last = record.sequence;
            static_cast<void>(bus::decode(record.bytes));
            return true;
        });
        static_cast<void>(journal.read(txn, journal.last()));
    }
    journal.sweep({std::chrono::hours(1), std::chrono::hours(2), 8}, now);
}

void append(store::Env& env, std::string_view bytes) {
    journal::Journal journal(env);
    const auto id = bus::derived_id({bytes});
    bus::Sequence at = 0;
    {
        journal::Journal::Batch batch(journal, now);
        at = batch.append(id, bytes).sequence;
        batch.commit();
    }
    const store::ReadTxn txn(env);
    const auto record = journal.read(txn, at);
    invariant(record && record->id == id && record->bytes == bytes && record->journaled == now, "what was appended comes back");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = fuzz::text_of(data, size);
    const fuzz::Folder folder;
    store::EnvOptions options;
    options.map_bytes = 16 << 20;
    options.sync = store::Sync::on_demand;
    {
        store::Env env(folder.path / "broken", options);
        fill(env, bytes);
        try {
            walk(env);
        } catch (const store::Failure& broken) {
            invariant(*broken.what() != '\0', "a broken file is said to be broken");
        }
    }
    store::Env env(folder.path / "fresh", options);
    append(env, bytes);
    return 0;
}
