// A journal in a folder of its own, with a hand on its clock.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "broker/journal/journal.h"

namespace parley::journal {

class JournalTest : public testing::Test {
protected:
    JournalTest() {
        std::string pattern = (std::filesystem::temp_directory_path() / "parley-journal-XXXXXX").string();
        folder = ::mkdtemp(pattern.data());
        open();
    }
    ~JournalTest() override {
        journal.reset();
        env.reset();
        std::filesystem::remove_all(folder);
    }

    void open(const store::EnvOptions& options = {}) {
        journal.reset();
        env.reset();
        env.emplace(folder / "journal", options);
        journal.emplace(*env);
    }
    static bus::EventId id(std::string_view name) { return bus::derived_id({name}); }

    // One commit for each name; the bytes are the name.
    void add(std::initializer_list<std::string_view> names) {
        for (const auto name : names) {
            Journal::Batch batch(*journal, now);
            batch.append(id(name), name);
            batch.commit();
        }
    }
    std::vector<std::string> from(bus::Sequence sequence) {
        const store::ReadTxn txn(*env);
        std::vector<std::string> all;
        journal->each(txn, sequence, [&](const Record& record) {
            all.emplace_back(record.bytes);
            return true;
        });
        return all;
    }

    std::filesystem::path folder;
    std::optional<store::Env> env;
    std::optional<Journal> journal;
    service::Time now{std::chrono::hours(24 * 365 * 50)};
};

}  // namespace parley::journal
