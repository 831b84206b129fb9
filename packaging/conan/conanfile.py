"""Conan 2 recipe of the sources around it: `conan create packaging/conan`. See packaging/README.md."""

import pathlib
import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.files import copy
from conan.tools.layout import basic_layout

# Option, component and CMake target have one name. LibTorch has no recipe that could be named here: a project that has
# found it links reft::reft and ${TORCH_LIBRARIES}.
COMPONENTS = {
    "io": ("nlohmann_json/3.11.2", "nlohmann_json::nlohmann_json"),
    "eigen": ("eigen/3.4.0", "eigen::eigen"),
    "cblas": ("openblas/0.3.27", "openblas::openblas"),
    "xtensor": ("xtensor/0.24.6", "xtensor::xtensor"),
    "armadillo": ("armadillo/11.4.3", "armadillo::armadillo"),
}


class ReftConan(ConanFile):
    name = "reft"
    description = "Reinforced fine-tuning (ReFT) as header-only C++20 parts"
    license = "MIT"
    topics = ("reinforcement-learning", "fine-tuning", "language-models", "header-only")
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    options = {component: [True, False] for component in COMPONENTS}
    default_options = {component: False for component in COMPONENTS}
    no_copy_source = True

    @property
    def _project(self):
        return pathlib.Path(self.recipe_folder).parent.parent

    def set_version(self):
        config = (self._project / "include/reft/core/config.hpp").read_text(encoding="utf-8")
        parts = (re.search(rf"#define REFT_VERSION_{part} (\d+)", config)[1] for part in ("MAJOR", "MINOR", "PATCH"))
        self.version = ".".join(parts)

    def export_sources(self):
        for pattern in ("include/*", "LICENSE"):
            copy(self, pattern, src=self._project, dst=self.export_sources_folder)

    def layout(self):
        basic_layout(self, src_folder=".")

    def requirements(self):
        for component, (reference, _) in COMPONENTS.items():
            if self.options.get_safe(component):
                self.requires(reference)

    def validate(self):
        check_min_cppstd(self, 20)

    def package(self):
        copy(self, "LICENSE", src=self.source_folder, dst=pathlib.Path(self.package_folder) / "licenses")
        copy(self, "include/*", src=self.source_folder, dst=self.package_folder)

    def package_id(self):
        self.info.clear()

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "reft")
        self.cpp_info.set_property("cmake_target_name", "reft::all")
        self._component("core", "reft")
        for component in ("models", "program"):
            self._component(component, component, ["core"])
            if self.settings.get_safe("os") in ("Linux", "FreeBSD"):
                self.cpp_info.components[component].system_libs = ["pthread"]
        for component, (_, target) in COMPONENTS.items():
            if self.options.get_safe(component):
                self._component(component, component, ["core", target])

    def _component(self, name, target, requires=()):
        component = self.cpp_info.components[name]
        component.set_property("cmake_target_name", f"reft::{target}")
        component.bindirs, component.libdirs = [], []
        component.requires = list(requires)
