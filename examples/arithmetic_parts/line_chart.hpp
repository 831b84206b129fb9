// Learning curves as SVG, readable at README size on light and dark pages.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace arithmetic {

struct curve {
    std::string name;
    std::string color;  ///< readable on white and on black
    std::vector<std::pair<double, double>> points;
};

struct chart {
    std::string title, x_label;
    std::vector<curve> curves;
    bool y_in_percent = false;
};

namespace detail {

inline std::string number(double x, int digits = 1) {
    char text[32];
    std::snprintf(text, sizeof text, "%.*f", digits, x);
    return text;
}

/// A step of 1, 2 or 5 times a power of ten that gives about five ticks.
inline double tick_step(double range) {
    const double raw = range / 5, power = std::pow(10.0, std::floor(std::log10(raw)));
    for (const double factor : {1.0, 2.0, 5.0})
        if (raw <= factor * power) return factor * power;
    return 10 * power;
}

inline std::string text(double x, double y, const std::string& anchor, const std::string& what,
                        const char* style = "") {
    return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" + anchor + "\" " + style + ">" +
           what + "</text>\n";
}

inline std::string panel(const chart& c, double left, double width, double height) {
    const double top = 34, bottom = height - 44, right = left + width;
    double x_max = 0, y_max = 0;
    for (const curve& k : c.curves)
        for (const auto& [x, y] : k.points) {
            x_max = std::max(x_max, x);
            y_max = std::max(y_max, y);
        }
    if (c.y_in_percent) y_max = 1;
    if (x_max <= 0) x_max = 1;
    if (y_max <= 0) y_max = 1;
    const double y_step = c.y_in_percent ? 0.2 : tick_step(y_max);
    y_max = std::ceil(y_max / y_step - 1e-9) * y_step;
    const auto px = [&](double x) { return left + x / x_max * width; };
    const auto py = [&](double y) { return bottom - y / y_max * (bottom - top); };

    std::string svg = text(left, 20, "start", c.title, "font-weight=\"bold\"");
    for (double y = 0; y <= y_max * 1.0001; y += y_step) {
        svg += "<line class=\"grid\" x1=\"" + number(left) + "\" x2=\"" + number(right) + "\" y1=\"" + number(py(y)) +
               "\" y2=\"" + number(py(y)) + "\"/>\n";
        svg += text(left - 6, py(y) + 4, "end", c.y_in_percent ? number(100 * y, 0) + " %" : number(y, 0));
    }
    const double x_step = tick_step(x_max);
    for (double x = 0; x <= x_max * 1.0001; x += x_step)
        svg += text(px(x), bottom + 17, "middle", number(x, x_step < 1 ? 1 : 0));
    svg += text(left + width / 2, height - 8, "middle", c.x_label);
    for (const curve& k : c.curves) {
        std::string points;
        for (const auto& [x, y] : k.points) points += number(px(x)) + "," + number(py(y)) + " ";
        svg += "<polyline fill=\"none\" stroke=\"" + k.color +
               "\" stroke-width=\"2.5\" stroke-linejoin=\"round\" points=\"" + points + "\"/>\n";
    }
    return svg;
}

}  // namespace detail

/// Charts side by side, with one legend for all.
inline std::string svg_of(const std::vector<chart>& charts) {
    const double panel_width = 330, gap = 70, height = 300, legend = 26;
    const double width = gap + static_cast<double>(charts.size()) * (panel_width + gap) - gap / 2;
    std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + detail::number(width, 0) + " " +
                      detail::number(height + legend, 0) +
                      "\" font-family=\"system-ui, sans-serif\" font-size=\"13\">\n"
                      "<style>text { fill: #24292f } .grid { stroke: #8884; stroke-width: 1 }\n"
                      "@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } }</style>\n";
    for (std::size_t i = 0; i < charts.size(); ++i)
        svg += detail::panel(charts[i], gap + static_cast<double>(i) * (panel_width + gap), panel_width, height);
    double x = gap;
    if (!charts.empty())
        for (const curve& k : charts.front().curves) {
            svg += "<line x1=\"" + detail::number(x) + "\" x2=\"" + detail::number(x + 22) + "\" y1=\"" +
                   detail::number(height + 8) + "\" y2=\"" + detail::number(height + 8) + "\" stroke=\"" + k.color +
                   "\" stroke-width=\"3\"/>\n";
            svg += detail::text(x + 28, height + 12, "start", k.name);
            x += 48 + 7.5 * static_cast<double>(k.name.size());
        }
    return svg + "</svg>\n";
}

}  // namespace arithmetic
