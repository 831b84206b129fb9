// Runs checks one after the other: an exception fails the check that threw it, and the others go on.
#pragma once

#include <reft/testing/report.hpp>

#include <cmath>
#include <exception>
#include <limits>
#include <string>
#include <utility>

namespace reft::inline REFT_ABI::detail {

/// What a check measured, and where the measure was largest.
struct finding {
    double measured = 0;
    std::string where = {};
    std::string cause = {};     // found out by the check itself; otherwise the usual one
    std::string left_out = {};  // why nothing could be measured
};

/// Nothing could be measured, for this reason.
inline finding nothing_measured(std::string why) { return {0, {}, {}, std::move(why)}; }

/// The largest of several measures, and its place; NaN is larger than any number.
class largest_finding {
  public:
    /// `where()` is called only if this one is the largest so far.
    template <class Where>
    void note(double measured, Where&& where) {
        if (std::isnan(found_.measured) || (measured <= found_.measured)) return;
        found_.measured = measured;
        found_.where = where();
    }
    const finding& result() const { return found_; }

  private:
    finding found_;
};

/// How many things are wrong; the place of the first is kept.
class violations {
  public:
    template <class Where>
    void note(bool wrong, Where&& where) {
        if (wrong && found_.measured++ == 0) found_.where = where();
    }
    const finding& result() const { return found_; }

  private:
    finding found_;
};

/// The report, as it grows.
class checklist {
  public:
    /// One check; `measure()` → finding. Returns whether it ended without an exception.
    template <class Measure>
    bool run(std::string name, double limit, std::string usual_cause, Measure&& measure) {
        check_result c{.name = std::move(name), .limit = limit, .usual_cause = std::move(usual_cause)};
        bool ended = false;
        try {
            finding found = measure();
            ended = true;
            c.measured = found.measured;
            c.outcome = found.measured <= limit ? check_outcome::held : check_outcome::failed;
            c.detail = std::move(found.where);
            if (!found.cause.empty()) c.usual_cause = std::move(found.cause);
            if (!found.left_out.empty()) {
                c.outcome = check_outcome::left_out;
                c.detail = std::move(found.left_out);
            }
        } catch (const std::exception& e) {
            fail(c, std::string("An exception came out of it: ") + e.what());
        } catch (...) {
            fail(c, "Something came out of it that is no std::exception.");
        }
        if (c.outcome == check_outcome::held) c.detail.clear();
        if (c.outcome != check_outcome::failed) c.usual_cause.clear();
        report_.checks.push_back(std::move(c));
        return ended;
    }

    void leave_out(std::string name, std::string why) {
        report_.checks.push_back(
            {.name = std::move(name), .outcome = check_outcome::left_out, .detail = std::move(why)});
    }

    check_report& report() { return report_; }

  private:
    static void fail(check_result& c, std::string what) {
        c.outcome = check_outcome::failed;
        c.measured = std::numeric_limits<double>::quiet_NaN();
        c.detail = std::move(what);
    }

    check_report report_;
};

}  // namespace reft::inline REFT_ABI::detail
