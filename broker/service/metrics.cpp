#include "broker/service/metrics.h"

#include <fmt/format.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <system_error>

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

Metrics::Value& Metrics::seconds_counter(std::string_view name, std::string_view help, Labels labels) {
    return entry(Kind::seconds_counter, name, help, std::move(labels)).value;
}
Metrics::Value& Metrics::seconds_gauge(std::string_view name, std::string_view help, Labels labels) {
    return entry(Kind::seconds_gauge, name, help, std::move(labels)).value;
}

std::string Metrics::samples_of(const Entry& e) {
    if (e.kind == Kind::counter || e.kind == Kind::gauge) return fmt::format("{}{} {}\n", e.name, label_text(e.labels), e.value.get());
    if (e.kind != Kind::histogram) return fmt::format("{}{} {:g}\n", e.name, label_text(e.labels), static_cast<double>(e.value.get()) / 1e6);
    std::string out;
    std::uint64_t total = 0;
    double bound = std::chrono::duration<double>(first_bucket).count();
    for (std::size_t i = 0; i <= Histogram::buckets; ++i, bound *= 2) {
        total += e.histogram.counts_[i].load(std::memory_order_relaxed);
        const auto le = i == Histogram::buckets ? std::string("le=\"+Inf\"") : fmt::format("le=\"{:g}\"", bound);
        out += fmt::format("{}_bucket{} {}\n", e.name, label_text(e.labels, le), total);
    }
    return out + fmt::format("{}_sum{} {:g}\n{}_count{} {}\n", e.name, label_text(e.labels),
                             static_cast<double>(e.histogram.sum_ns_.load(std::memory_order_relaxed)) / 1e9, e.name, label_text(e.labels), total);
}

std::string Metrics::prometheus() const {
    const std::lock_guard lock(mutex_);
    std::string out;
    std::set<std::string> done;
    for (const auto& head : entries_) {
        if (!done.insert(head.name).second) continue;
        constexpr std::string_view kinds[] = {"counter", "gauge", "counter", "gauge", "histogram"};
        out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", head.name, head.help, head.name, kinds[static_cast<int>(head.kind)]);
        for (const auto& e : entries_)
            if (e.name == head.name) out += samples_of(e);
    }
    return out;
}

// A family is a "# HELP", a "# TYPE", and the samples up to the next "# HELP": as prometheus() prints it.
std::string Metrics::merged(const std::vector<std::string>& texts) {
    constexpr std::string_view head_begin = "# HELP ";
    std::map<std::string, std::pair<std::string, std::string>> families;  // by name: head, samples
    for (const auto& text : texts) {
        for (std::size_t at = text.find(head_begin), end = 0; at != std::string::npos; at = end) {
            end = text.find(std::string("\n") + std::string(head_begin), at);
            if (end != std::string::npos) ++end;
            const auto family = std::string_view(text).substr(at, end == std::string::npos ? end : end - at);
            const auto first = family.find('\n'), second = family.find('\n', first + 1);
            if (second == std::string_view::npos) continue;
            const auto name = family.substr(head_begin.size(), family.find(' ', head_begin.size()) - head_begin.size());
            auto& [head, samples] = families[std::string(name)];
            if (head.empty()) head = family.substr(0, second + 1);
            samples += family.substr(second + 1);
        }
    }
    std::string out;
    for (const auto& [name, family] : families) out += family.first + family.second;
    return out;
}

// https://man7.org/linux/man-pages/man5/proc_pid_statm.5.html
void measure_process(Metrics& metrics, const std::string& process) {
    const Metrics::Labels labels{{"process", process}};
    std::int64_t pages = 0, resident = 0;
    if (std::ifstream statm("/proc/self/statm"); statm >> pages >> resident)
        metrics.gauge("parley_process_resident_bytes", "Memory that is in use, with the mapped pages of stores", labels).set(resident * ::sysconf(_SC_PAGESIZE));
    timespec used{};
    if (::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) == 0)
        metrics.seconds_counter("parley_process_cpu_seconds_total", "Processor time used", labels).set(used.tv_sec * 1'000'000 + used.tv_nsec / 1000);
    std::error_code failed;
    std::int64_t files = 0;
    for (auto it = std::filesystem::directory_iterator("/proc/self/fd", failed); !failed && it != std::filesystem::directory_iterator(); it.increment(failed)) ++files;
    if (!failed) metrics.gauge("parley_process_open_files", "Open file descriptors", labels).set(files);
}

}  // namespace parley::service
