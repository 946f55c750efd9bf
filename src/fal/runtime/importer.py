"""Imports a script's local modules without leaving them in `sys.modules`.

Each run of a script gets modules of its own: two scripts may each have a `utils.py`
beside them, run at once in two threads, and see nothing of each other's state.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from importlib.machinery import ModuleSpec
from importlib.util import resolve_name
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from fal.project.local_modules import LocalModule, find_in, find_top
from fal.runtime import stand_ins


class LocalName(str):
    """A module's name that is a key of its own in `sys.modules`.

    Code such as `dataclasses` looks a class's module up there by name. Two modules
    called `utils` can both be found if their names read the same and hash apart.
    """

    __slots__ = ()

    def __hash__(self) -> int:
        return object.__hash__(self)

    def __eq__(self, other: object) -> bool:
        return self is other if isinstance(other, LocalName) else str.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (str.__str__(self),)


class LocalImporter:
    """The import system of one run of one script.

    Python looks the function behind the `import` statement up in the importing
    module's `__builtins__`, so giving a script and its local modules a
    `__builtins__` of their own is enough to serve their imports alone.
    """

    def __init__(self, roots: tuple[Path, ...]) -> None:
        self._roots = roots
        self._modules: dict[str, ModuleType] = {}
        self._found: dict[tuple[Any, ...], LocalModule | None] = {}
        self._import: Callable[..., Any] = builtins.__import__
        self.builtins: dict[str, Any] = {
            **vars(builtins),
            "__import__": self.import_module,
            # Python's own close the standard input, which all scripts share.
            "exit": sys.exit,
            "quit": sys.exit,
        }
        self._registered: list[str] = []
        self._path_before = frozenset(sys.path)
        self.main: ModuleType | None = None
        self._finding = False

    def main_module(
        self, file: Path, package: str, names: Mapping[str, Any], *, name: str = "__main__"
    ) -> ModuleType:
        """Make the module that the script itself runs in.

        Args:
            file: the script's file.
            package: the dotted package that its relative imports start from.
            names: what it finds without importing.
            name: its `__name__`.
        """
        module = ModuleType(self._register(name))
        module.__file__ = str(file)
        module.__package__ = package
        module.__dict__.update(names)
        module.__dict__["__builtins__"] = self.builtins
        sys.modules[module.__name__] = module
        self.main = module
        return module

    def close(self) -> None:
        """Forget the run's modules."""
        for name in self._registered:
            sys.modules.pop(name, None)
            stand_ins.leave(name)
        self._modules.clear()

    def is_local(self, name: str) -> bool:
        """Whether an import of that full name finds a local module."""
        top, *rest = name.split(".")
        found = None if self._finding else self._find_top(top)
        for position, part in enumerate(rest, start=2):
            if found is None:
                break
            found = find_in(".".join([top, *rest][:position]), part, found.search)
        return found is not None

    def load(self, name: str) -> ModuleType:
        """The run's own module of a full name, imported if need be."""
        return self._modules[name] if name in self._modules else self._load_chain(name)

    def _register(self, name: str) -> LocalName:
        local = LocalName(name)
        self._registered.append(local)
        return local

    def import_module(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,  # noqa: A002 - the names that Python passes
        locals: Mapping[str, Any] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        """Stand in for `builtins.__import__`; see the Python documentation."""
        # A LocalName, as pickle passes it, is no key of what is kept here.
        absolute = str.__str__(name)
        if level:
            package = (globals or {}).get("__package__") or ""
            absolute = resolve_name("." * level + name, package)
        top, _, rest = absolute.partition(".")
        if self._find_top(top) is None:
            module: ModuleType = self._import(absolute, globals, locals, fromlist or (), 0)
            return module
        leaf = self._load_chain(absolute)
        if not fromlist:
            # `import a.b` binds a; only a relative import names no top-level module.
            return leaf if level and not rest else self._modules[top]
        self._load_fromlist(leaf, fromlist)
        return leaf

    def _find_top(self, name: str) -> LocalModule | None:
        added = self._added_roots()
        key = (name, *added)
        if key not in self._found:
            # It may ask Python's finders for an installed package, and they ask back.
            self._finding = True
            try:
                self._found[key] = find_top(name, (self._roots[0], *added, *self._roots[1:]))
            finally:
                self._finding = False
        return self._found[key]

    def _added_roots(self) -> tuple[Path, ...]:
        """Folders of the project that a script has put on `sys.path`.

        Python keeps what it imports from there for all; here each script gets its own.
        """
        added = (Path(entry) for entry in sys.path if entry not in self._path_before)
        return tuple(path for path in added if path.resolve().is_relative_to(self._roots[-1]))

    def _load_chain(self, absolute: str) -> ModuleType:
        parts = absolute.split(".")
        found = self._find_top(parts[0])
        assert found is not None
        module = self._load(found)
        for position, part in enumerate(parts[1:], start=2):
            name = ".".join(parts[:position])
            module = self._load_child(module, name, part)
        return module

    def _load_child(self, parent: ModuleType, name: str, last: str) -> ModuleType:
        search = tuple(Path(folder) for folder in getattr(parent, "__path__", ()))
        found = find_in(name, last, search)
        if found is None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        child = self._load(found)
        setattr(parent, last, child)
        return child

    def _load_fromlist(self, module: ModuleType, fromlist: Sequence[str]) -> None:
        if not hasattr(module, "__path__"):
            return
        names = getattr(module, "__all__", ()) if "*" in fromlist else fromlist
        for last in names:
            if not hasattr(module, last):
                name = f"{module.__name__}.{last}"
                search = tuple(Path(folder) for folder in module.__path__)
                if (found := find_in(name, last, search)) is not None:
                    setattr(module, last, self._load(found))

    def _load(self, found: LocalModule) -> ModuleType:
        if found.name in self._modules:
            return self._modules[found.name]
        module = self._make(found)
        self._modules[found.name] = module
        if found.file is not None:
            try:
                exec(load_code(found.file), module.__dict__)  # noqa: S102 - the user's own module
            except BaseException:
                del self._modules[found.name]
                raise
        return module

    def _make(self, found: LocalModule) -> ModuleType:
        module = ModuleType(self._register(found.name))
        sys.modules[module.__name__] = module
        stand_ins.enter(found.name)
        origin = str(found.file) if found.file else None
        module.__spec__ = ModuleSpec(found.name, None, origin=origin, is_package=bool(found.search))
        module.__package__ = found.name if found.search else found.name.rpartition(".")[0]
        if origin is not None:
            module.__file__ = origin
        if found.search:
            module.__path__ = [str(folder) for folder in found.search]
        module.__dict__["__builtins__"] = self.builtins
        return module


def load_code(path: Path) -> CodeType:
    """Compile a Python file; compiled files are kept until they change."""
    stat = path.stat()
    return _compile(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=512)
def _compile(path: Path, _mtime: int, _size: int) -> CodeType:
    return compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
