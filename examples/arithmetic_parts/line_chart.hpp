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
    std::string title;
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

/// Decimals that tell multiples of a step apart.
inline int digits_of(double step) { return std::max(0, -static_cast<int>(std::floor(std::log10(step) + 1e-9))); }

inline std::string text(double x, double y, const std::string& anchor, const std::string& what,
                        const char* style = "") {
    return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" + anchor + "\" " + style + ">" +
           what + "</text>\n";
}

inline std::string line(double x1, double y1, double x2, double y2, const std::string& style) {
    return "<line x1=\"" + number(x1) + "\" y1=\"" + number(y1) + "\" x2=\"" + number(x2) + "\" y2=\"" + number(y2) +
           "\" " + style + "/>\n";
}

/// A chart in the box of `width` and `height` whose upper left corner of the axes is (left, top).
inline std::string panel(const chart& c, double left, double top, double width, double height) {
    const double bottom = top + height;
    double x_max = 0, y_max = 0;
    for (const curve& k : c.curves)
        for (const auto& [x, y] : k.points) {
            x_max = std::max(x_max, x);
            y_max = std::max(y_max, y);
        }
    if (c.y_in_percent) y_max = 1;
    if (x_max <= 0) x_max = 1;
    if (y_max <= 0) y_max = 1;
    const double y_step = c.y_in_percent ? 0.2 : tick_step(y_max), x_step = tick_step(x_max);
    y_max = std::ceil(y_max / y_step - 1e-9) * y_step;
    const auto px = [&](double x) { return left + x / x_max * width; };
    const auto py = [&](double y) { return bottom - y / y_max * height; };

    std::string svg = text(left, top - 13, "start", c.title, "font-weight=\"bold\"");
    for (double y = 0; y <= y_max * 1.0001; y += y_step) {
        svg += line(left, py(y), left + width, py(y), "class=\"grid\"");
        svg += text(left - 6, py(y) + 4, "end", c.y_in_percent ? number(100 * y, 0) + " %" : number(y, 0));
    }
    for (double x = 0; x <= x_max * 1.0001; x += x_step)
        svg += text(px(x), bottom + 17, "middle", number(x, digits_of(x_step)));
    for (const curve& k : c.curves) {
        std::string points;
        for (const auto& [x, y] : k.points) points += number(px(x)) + "," + number(py(y)) + " ";
        svg += "<polyline fill=\"none\" stroke=\"" + k.color +
               "\" stroke-width=\"2.5\" stroke-linejoin=\"round\" points=\"" + points + "\"/>\n";
    }
    return svg;
}

}  // namespace detail

/// Charts in two columns, row by row, with one label for all x axes and one legend.
inline std::string svg_of(const std::vector<chart>& charts, const std::string& x_label) {
    const double panel_width = 350, panel_height = 190, gap = 58, row = panel_height + 66, right = 16;
    const std::size_t rows = (charts.size() + 1) / 2;
    const double width = 2 * (panel_width + gap) + right, bottom = static_cast<double>(rows) * row + 10;
    std::string svg =
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-label=\"Learning curves\" "
        "viewBox=\"0 0 " +
        detail::number(width, 0) + " " + detail::number(bottom + 46, 0) +
        "\" font-family=\"system-ui, sans-serif\" font-size=\"13\">\n"
        "<style>text { fill: #24292f } .grid { stroke: #8884; stroke-width: 1 }\n"
        "@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } }</style>\n";
    for (std::size_t i = 0; i < charts.size(); ++i)
        svg += detail::panel(charts[i], gap + static_cast<double>(i % 2) * (panel_width + gap),
                             36 + static_cast<double>(i / 2) * row, panel_width, panel_height);
    svg += detail::text((width - right + gap) / 2, bottom, "middle", x_label);
    std::vector<curve> named;
    for (const chart& c : charts)
        for (const curve& k : c.curves)
            if (std::none_of(named.begin(), named.end(), [&](const curve& n) { return n.name == k.name; }))
                named.push_back(k);
    double x = gap;
    for (const curve& k : named) {
        svg += detail::line(x, bottom + 25, x + 22, bottom + 25, "stroke=\"" + k.color + "\" stroke-width=\"3\"");
        svg += detail::text(x + 28, bottom + 29, "start", k.name);
        x += 48 + 7.5 * static_cast<double>(k.name.size());
    }
    return svg + "</svg>\n";
}

}  // namespace arithmetic
