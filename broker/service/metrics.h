// Counters, gauges and histograms of one process, printed in Prometheus' text format
// (https://prometheus.io/docs/instrumenting/exposition_formats/). Any thread may count.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::service {

class Metrics {
public:
    using Labels = std::vector<std::pair<std::string, std::string>>;

    class Value {
    public:
        void add(std::int64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
        void set(std::int64_t n) { value_.store(n, std::memory_order_relaxed); }
        std::int64_t get() const { return value_.load(std::memory_order_relaxed); }

    private:
        std::atomic<std::int64_t> value_{0};
    };

    // Seconds, in buckets that double from 50 µs to 26 s.
    class Histogram {
    public:
        void observe(std::chrono::nanoseconds took);
        static constexpr std::size_t buckets = 20;

    private:
        friend class Metrics;
        std::atomic<std::uint64_t> counts_[buckets + 1] = {};
        std::atomic<std::uint64_t> sum_ns_{0};
    };

    // The reference stays valid as long as the Metrics. The same name and labels give the same one.
    Value& counter(std::string_view name, std::string_view help, Labels labels = {});
    Value& gauge(std::string_view name, std::string_view help, Labels labels = {});
    // Counted in microseconds, printed in seconds.
    Value& seconds_counter(std::string_view name, std::string_view help, Labels labels = {});
    Value& seconds_gauge(std::string_view name, std::string_view help, Labels labels = {});
    Histogram& histogram(std::string_view name, std::string_view help, Labels labels = {});

    std::string prometheus() const;
    // What several processes print, as if it were one: each name with its help once.
    static std::string merged(const std::vector<std::string>& texts);

private:
    enum class Kind { counter, gauge, seconds_counter, seconds_gauge, histogram };
    struct Entry {
        Kind kind;
        std::string name, help;
        Labels labels;
        Value value;
        Histogram histogram;
    };
    Entry& entry(Kind kind, std::string_view name, std::string_view help, Labels labels);
    static std::string samples_of(const Entry& entry);

    mutable std::mutex mutex_;
    std::deque<Entry> entries_;  // a deque: entries never move
};

// What this process uses of the machine, under its name: memory, processor time, open files.
void measure_process(Metrics& metrics, const std::string& process);

}  // namespace parley::service
