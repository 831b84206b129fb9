// A non-owning reference to a callable: what std::function is, without its allocation.
#pragma once

#include <reft/core/config.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

namespace reft::inline REFT_ABI {

template <class Signature>
class function_ref;

/// Refers to a callable that outlives the call it is passed to.
template <class Result, class... Argument>
class function_ref<Result(Argument...)> {
  public:
    /// Refers to `f`, which is not copied. A temporary lives as long as the call that it is an argument of.
    template <class F>
        requires(!std::same_as<std::remove_cvref_t<F>, function_ref> && std::is_invocable_r_v<Result, F&, Argument...>)
    function_ref(F&& f)  // NOLINT(google-explicit-constructor)
        : object_(const_cast<void*>(static_cast<const void*>(&f))),
          call_([](void* object, Argument... argument) -> Result {
              return (*static_cast<std::remove_reference_t<F>*>(object))(std::forward<Argument>(argument)...);
          }) {}

    /// Calls it.
    Result operator()(Argument... argument) const { return call_(object_, std::forward<Argument>(argument)...); }

  private:
    void* object_;
    Result (*call_)(void*, Argument...);
};

}  // namespace reft::inline REFT_ABI
