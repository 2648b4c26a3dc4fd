// Commands by day and outcome: stacked bars, drawn here as SVG, with the figures as a table for those who cannot see
// it.
#include <algorithm>
#include <map>

#include "web/pages/layout.h"
#include "web/pages/views.h"

namespace parley::pages {
namespace {

constexpr std::string_view outcomes[] = {"succeeded", "failed", "timed_out", "cancelled", "denied", "lost"};
constexpr int height = 96, bar = 14, gap = 4, left = 28;

struct Day {
    std::string name;
    std::map<std::string, std::int64_t> counts;
    std::int64_t total = 0;
};

// {days: [{day, succeeded: 3, …}]} or with the outcomes in a map of their own.
std::vector<Day> days_of(const bus::Value& plot) {
    std::vector<Day> out;
    for (const bus::Value& one : (plot.is_list() ? plot : plot["days"]).list()) {
        Day day{one["day"].text(one["date"].text()), {}, 0};
        const bus::Value& counts = one["outcomes"].is_map() ? one["outcomes"] : one;
        for (const auto outcome : outcomes) {
            day.counts[std::string(outcome)] = counts[outcome].number();
            day.total += counts[outcome].number();
        }
        out.push_back(std::move(day));
    }
    return out;
}

}  // namespace

Html plot_view(const bus::Value& plot, std::int64_t) {
    const auto days = days_of(plot);
    std::int64_t most = 0;
    for (const Day& day : days) most = std::max(most, day.total);
    if (most == 0) return markup("<p class=\"quiet\">No command has been run yet.</p>");

    Html bars, rows;
    int x = left;
    for (const Day& day : days) {
        double y = height;
        for (const auto outcome : outcomes) {
            const auto count = day.counts.at(std::string(outcome));
            if (count == 0) continue;
            const double tall = static_cast<double>(count) * (height - 8) / static_cast<double>(most);
            y -= tall;
            bars += markup(
                "<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"><title>{}: {} {}</title></rect>",
                {outcome, x, std::to_string(y), bar, std::to_string(std::max(1.0, tall)), day.name, count, outcome});
        }
        if (day.total > 0)
            rows += markup("<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td></tr>",
                           {day.name, day.total, day.total - day.counts.at("succeeded")});
        x += bar + gap;
    }
    Html legend;
    for (const auto outcome : outcomes) {
        const bool seen = std::any_of(days.begin(), days.end(),
                                      [&](const Day& day) { return day.counts.at(std::string(outcome)) > 0; });
        if (seen)
            legend += markup("<li><a href=\"{}\">{}</a></li>",
                             {search_address("outcome:" + std::string(outcome)), badge(outcome)});
    }
    const Html labels = markup(
        "<text x=\"0\" y=\"12\">{}</text><text x=\"0\" y=\"{}\">0</text><text x=\"{}\" y=\"{}\">{}</text><text "
        "class=\"end\" x=\"{}\" y=\"{}\">{}</text>",
        {most, height, left, height + 16, days.front().name, x - gap, height + 16, days.back().name});
    return markup(
        "<figure class=\"plot\"><svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"Commands by day and "
        "outcome\"><line x1=\"{}\" x2=\"{}\" y1=\"{}\" y2=\"{}\"/>{}{}</svg>"
        "<figcaption><ul class=\"legend\">{}</ul></figcaption><table class=\"hidden\"><caption>Commands by "
        "day</caption><thead><tr><th>Day</th><th>Runs</th><th>Not "
        "succeeded</th></tr></thead><tbody>{}</tbody></table></figure>",
        {x, height + 20, left, x - gap, height, height, bars, labels, legend, rows});
}

}  // namespace parley::pages
