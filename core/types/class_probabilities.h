// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "core/base/check.h"

namespace trucewatch {

// What a detection may be. There is no single person here: people exist only as groups.
enum class ObjectClass {
  kUnspecified = 0,
  kUnknownVehicle = 1,
  kLightVehicle = 2,    // car, jeep
  kTruck = 3,           // truck, bus
  kTrackedVehicle = 4,  // tracked or armoured
  kPersonGroup = 5,     // several people, as a count with an interval
};

// Shares of belief that add up to 1; absent classes have 0. A map from class to share in ascending
// order of class, with std::map's names for what it offers. It lies in place, without an
// allocation: a radar makes millions of plots, each with one.
class ClassProbabilities {
 public:
  static constexpr std::size_t kMaxClasses = 6;
  using value_type = std::pair<ObjectClass, double>;
  using const_iterator = const value_type*;
  using iterator = value_type*;

  ClassProbabilities() = default;
  ClassProbabilities(std::initializer_list<value_type> shares) {
    for (const value_type& share : shares) (*this)[share.first] = share.second;
  }

  const_iterator begin() const { return shares_.data(); }
  const_iterator end() const { return shares_.data() + size_; }
  iterator begin() { return shares_.data(); }
  iterator end() { return shares_.data() + size_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  const_iterator find(ObjectClass object_class) const {
    const const_iterator at = LowerBound(object_class);
    return at != end() && at->first == object_class ? at : end();
  }
  std::size_t count(ObjectClass object_class) const { return find(object_class) == end() ? 0 : 1; }
  bool contains(ObjectClass object_class) const { return find(object_class) != end(); }

  // Throws std::out_of_range when the class is absent.
  double at(ObjectClass object_class) const {
    const const_iterator found = find(object_class);
    if (found == end()) throw std::out_of_range("no share of this class");
    return found->second;
  }

  // Adds a share of 0 when the class is absent.
  double& operator[](ObjectClass object_class) {
    const iterator at =
        begin() + std::distance(std::as_const(*this).begin(), LowerBound(object_class));
    if (at == end() || at->first != object_class) {
      TW_CHECK(size_ < kMaxClasses);
      std::move_backward(at, end(), end() + 1);
      *at = {object_class, 0.0};
      ++size_;
    }
    return at->second;
  }

  bool operator==(const ClassProbabilities& other) const {
    return std::equal(begin(), end(), other.begin(), other.end());
  }

 private:
  const_iterator LowerBound(ObjectClass object_class) const {
    return std::find_if(begin(), end(),
                        [&](const value_type& share) { return share.first >= object_class; });
  }

  std::array<value_type, kMaxClasses> shares_ = {};
  std::size_t size_ = 0;
};

}  // namespace trucewatch
