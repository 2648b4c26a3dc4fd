#include "indexer/follower.h"

#include "broker/service/log.h"

namespace parley::indexer {
namespace {

namespace log = service::log;

constexpr std::uint32_t credit = 8192;
constexpr std::size_t slice_events = 2000;
constexpr std::chrono::seconds retry_after{5};
// What waits a moment is stored with what comes next: a transaction costs as much as a few dozen events in it.
constexpr std::chrono::milliseconds patience{20};  // of the broker's gathering, then
constexpr std::chrono::milliseconds store_within{5}, store_much_within{25};
constexpr std::size_t much = 64, stored_at_once = 1024;  // events
// Committing rewrites what is common in the language, whether for ten messages or a thousand: it may take a tenth of the time, unless
// what was said would be found too late by that.
constexpr int commits_share = 10, ticks_max = 3;  // ticks: of `commit_every`
// A sync for each batch would take the disk from the journal, a hundred times a second and more.
constexpr std::chrono::milliseconds sync_within{100};

}  // namespace

Follower::Follower(service::Reactor& reactor, bus::Client& client, archive::Archive& archive, search::Index& index,
                   const service::Clock& clock, query::Progress& progress, bus::DeadLetters& dead_letters, std::chrono::milliseconds commit_every)
    : reactor_(reactor), client_(client), archive_(archive), index_(index), clock_(clock), progress_(progress), dead_letters_(dead_letters) {
    progress_.dead_letters = dead_letters_.size();
    progress_.archived = archive_.last_sequence();
    commit_timer_ = reactor_.every(commit_every, [this] {
        if (++ticks_ >= ticks_max || clock_.steady() >= commit_from_) commit();
    });
    replay();
}

Follower::~Follower() = default;

void Follower::replay() {
    try {
        if (!writer_) {
            writer_ = std::make_unique<search::Writer>(index_);
            replayed_ = writer_->committed();
        }
        const archive::View view(archive_);
        const auto last = view.last_sequence();
        progress_.rebuilding = replayed_ < last;
        std::size_t done = 0;
        view.each(replayed_, [&](const bus::Event& event) {
            index(view, event);
            return ++done < slice_events;
        });
        if (replayed_ < last) {
            slice_ = reactor_.after(std::chrono::microseconds(0), [this] { replay(); });
            return;
        }
        progress_.rebuilding = false;
        commit();
        if (!following_) follow();
    } catch (const std::exception& error) {
        index_failed(error);
    }
}

void Follower::follow() {
    following_ = true;
    bus::FollowOptions options;
    options.cursor = "indexer";
    options.credit = credit;
    options.patience = patience;
    client_.follow(options, [this](std::vector<bus::Followed> events) {
        for (auto& followed : events) waiting_.push_back(std::move(followed.event));
        store_soon();
    });
}

void Follower::store_soon() {
    if (retry_timer_) return;
    if (waiting_.size() >= stored_at_once) return store();
    if (!store_timer_) store_timer_ = reactor_.after(much_comes_ ? store_much_within : store_within, [this] { store(); });
}

// A full disk stops it here: nothing is acknowledged, so nothing is lost, and it is tried again.
void Follower::store() {
    store_timer_ = {};
    if (waiting_.empty()) return;
    much_comes_ = waiting_.size() >= much;
    const auto last = waiting_.back().sequence;
    try {
        archive_.append(waiting_, &dead_letters_);
    } catch (const std::exception& error) {
        dead_letters_.nothing_in_hand();
        trouble(std::string("the archive cannot be written: ") + error.what());
        retry_timer_ = reactor_.after(retry_after, [this] {
            retry_timer_ = {};
            store();
        });
        return;
    }
    progress_.archived = last;
    const auto events = std::move(waiting_);
    waiting_ = {};
    if (!sync_timer_) sync_timer_ = reactor_.after(sync_within, [this] { sync(); });
    if (!writer_ || progress_.rebuilding) return;  // the replay will meet them
    try {
        const archive::View view(archive_);
        for (const auto& event : events) {
            if (event.sequence <= replayed_) continue;
            if (oldest_uncommitted_ == service::Time{}) oldest_uncommitted_ = event.journaled;
            index(view, event);
        }
    } catch (const std::exception& error) {
        index_failed(error);
    }
}

void Follower::index(const archive::View& view, const bus::Event& event) {
    if (!dead_letters_.has(event.id)) {
        dead_letters_.in_hand(event.id);
        writer_->take(view, event);
        dead_letters_.nothing_in_hand();
    } else {
        dead_letters_.keep(event);
    }
    replayed_ = event.sequence;
}

service::Result<void> Follower::again(const bus::Event& event) {
    try {
        const archive::View view(archive_);
        const auto there = view.event(event.id);
        if (!there) return service::fail(service::Code::not_found, "the archive does not have it", "try again in a moment");
        dead_letters_.in_hand(event.id);
        archive_.link(*there);
        writer_->take(archive::View(archive_), *there);
        dead_letters_.nothing_in_hand();
    } catch (const std::exception& error) {
        dead_letters_.nothing_in_hand();
        return service::fail(service::Code::io, error.what(), "make room on the disk");
    }
    progress_.dead_letters = dead_letters_.size();
    return {};
}

bool Follower::sync() {
    sync_timer_ = {};
    const bus::Sequence stored = progress_.archived;
    try {
        archive_.sync();
    } catch (const std::exception& error) {
        if (!std::exchange(sync_failed_, true)) log::error("the archive cannot be synced; trying again", {{"reason", error.what()}});
        sync_timer_ = reactor_.after(retry_after, [this] { sync(); });
        return false;
    }
    sync_failed_ = false;
    client_.acknowledge(stored);
    return true;
}

void Follower::commit() {
    if (!writer_ || progress_.rebuilding) return;
    if (sync_timer_ && !sync()) return;  // the index is never ahead of the archive
    const auto began = clock_.steady();
    try {
        writer_->commit();
        const auto ended = clock_.steady();
        commit_from_ = ended + (ended - began) * (commits_share - 1);
        ticks_ = 0;
        if (!retry_timer_) trouble({});
        progress_.searchable = writer_->committed();
        progress_.documents = writer_->documents();
        if (oldest_uncommitted_ != service::Time{}) progress_.lag_us = (clock_.now() - oldest_uncommitted_).count();
        oldest_uncommitted_ = {};
    } catch (const std::exception& error) {
        index_failed(error);
    }
}

// Said once, not at every try; `status` tells it as long as it lasts.
void Follower::trouble(const std::string& what) {
    const auto before = progress_.trouble();
    if (what == before) return;
    if (what.empty()) log::info("writing goes on");
    else log::error("trying again until it works; nothing is lost", {{"why", what}});
    progress_.set_trouble(what);
}

void Follower::index_failed(const std::exception& error) {
    dead_letters_.nothing_in_hand();
    trouble(std::string("the index cannot be written: ") + error.what());
    writer_.reset();
    retry_timer_ = reactor_.after(retry_after, [this] {
        retry_timer_ = {};
        replay();
        store();
    });
}

}  // namespace parley::indexer
