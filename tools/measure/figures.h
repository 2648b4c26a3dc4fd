// Figures of a run, and how they are printed: one JSON object on standard output, for tools/bench.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace parley::measure {

using Steady = std::chrono::steady_clock;

inline double microseconds(Steady::duration time) { return std::chrono::duration<double, std::micro>(time).count(); }
inline double seconds(Steady::duration time) { return std::chrono::duration<double>(time).count(); }

// The nearest rank: of 100 values, p99 is the second largest. 0 if there are none.
double percentile(std::vector<double> values, double part);

// An object or an array that is being written; the text is whole when every part of it has been added.
class Json {
public:
    Json& add(std::string_view name, double value);
    Json& add(std::string_view name, std::string_view text);
    Json& add(std::string_view name, const Json& object);
    Json& add(std::string_view name, const std::vector<Json>& objects);
    std::string text() const { return "{" + inside_ + "}"; }

private:
    Json& raw(std::string_view name, std::string_view value);
    std::string inside_;
};

// Of single operations: "count", "p50_us", "p99_us".
Json latency(const std::vector<double>& microseconds);

// Reads "--name value"; says what is wrong and ends the program if there is anything else.
class Options {
public:
    Options(int argc, char** argv, std::string usage);
    double number(std::string_view name, double unsaid);
    std::string text(std::string_view name, std::string unsaid);
    void finish() const;  // something is left: an error

private:
    std::vector<std::pair<std::string, std::string>> given_;
    std::string usage_;
};

}  // namespace parley::measure
