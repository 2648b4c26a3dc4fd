#include "broker/service/metrics.h"

#include <fmt/format.h>

#include <set>

namespace parley::service {
namespace {

constexpr std::chrono::nanoseconds first_bucket = std::chrono::microseconds(50);

std::string escaped(std::string_view value) {
    std::string out;
    for (const char c : value) {
        if (c == '\n') out += "\\n";
        else if (c == '"' || c == '\\') (out += '\\') += c;
        else out += c;
    }
    return out;
}

std::string label_text(const Metrics::Labels& labels, std::string_view extra = {}) {
    std::string out;
    for (const auto& [key, value] : labels) out += fmt::format("{}{}=\"{}\"", out.empty() ? "" : ",", key, escaped(value));
    if (!extra.empty()) (out += out.empty() ? "" : ",") += extra;
    return out.empty() ? out : "{" + out + "}";
}

}  // namespace

void Metrics::Histogram::observe(std::chrono::nanoseconds took) {
    std::size_t bucket = 0;
    for (auto bound = first_bucket; bucket < buckets && took > bound; ++bucket) bound *= 2;
    counts_[bucket].fetch_add(1, std::memory_order_relaxed);
    sum_ns_.fetch_add(static_cast<std::uint64_t>(took.count()), std::memory_order_relaxed);
}

Metrics::Entry& Metrics::entry(Kind kind, std::string_view name, std::string_view help, Labels labels) {
    const std::lock_guard lock(mutex_);
    for (auto& known : entries_) {
        if (known.name == name && known.labels == labels) return known;
    }
    auto& made = entries_.emplace_back();
    made.kind = kind;
    made.name = name;
    made.help = help;
    made.labels = std::move(labels);
    return made;
}

Metrics::Value& Metrics::counter(std::string_view name, std::string_view help, Labels labels) {
    return entry(Kind::counter, name, help, std::move(labels)).value;
}
Metrics::Value& Metrics::gauge(std::string_view name, std::string_view help, Labels labels) {
    return entry(Kind::gauge, name, help, std::move(labels)).value;
}
Metrics::Histogram& Metrics::histogram(std::string_view name, std::string_view help, Labels labels) {
    return entry(Kind::histogram, name, help, std::move(labels)).histogram;
}

std::string Metrics::prometheus() const {
    const std::lock_guard lock(mutex_);
    std::string out;
    std::set<std::string> done;
    for (const auto& head : entries_) {
        if (!done.insert(head.name).second) continue;
        constexpr std::string_view kinds[] = {"counter", "gauge", "histogram"};
        out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", head.name, head.help, head.name, kinds[static_cast<int>(head.kind)]);
        for (const auto& e : entries_) {
            if (e.name != head.name) continue;
            if (e.kind != Kind::histogram) {
                out += fmt::format("{}{} {}\n", e.name, label_text(e.labels), e.value.get());
                continue;
            }
            std::uint64_t total = 0;
            double bound = std::chrono::duration<double>(first_bucket).count();
            for (std::size_t i = 0; i <= Histogram::buckets; ++i, bound *= 2) {
                total += e.histogram.counts_[i].load(std::memory_order_relaxed);
                const auto le = i == Histogram::buckets ? std::string("le=\"+Inf\"") : fmt::format("le=\"{:g}\"", bound);
                out += fmt::format("{}_bucket{} {}\n", e.name, label_text(e.labels, le), total);
            }
            out += fmt::format("{}_sum{} {:g}\n{}_count{} {}\n", e.name, label_text(e.labels),
                               static_cast<double>(e.histogram.sum_ns_.load(std::memory_order_relaxed)) / 1e9, e.name,
                               label_text(e.labels), total);
        }
    }
    return out;
}

}  // namespace parley::service
