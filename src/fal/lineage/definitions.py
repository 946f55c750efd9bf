"""Follows the definitions of functions and classes, with their decorators."""

from __future__ import annotations

import ast

from fal.lineage.machine import Arguments, Machine
from fal.lineage.scopes import Function, Scope
from fal.lineage.values import UNKNOWN, Builtin, Class, Marked, Value

# Special methods that are followed where Python calls them.
_FOLLOWED = frozenset({"__init__", "__post_init__", "__new__", "__call__", "__init_subclass__"})
_MARKS = frozenset({"property", "staticmethod", "classmethod", "functools.cached_property"})
# They hand their arguments on, and what they decorate is called as it was.
_SEE_THROUGH = frozenset(
    {
        "functools.cache",
        "functools.lru_cache",
        "functools.lru_cache()",
        "functools.wraps()",
        "typing.overload",
        "typing.final",
        "typing.override",
        "abc.abstractmethod",
    }
)


def define_function(
    machine: Machine, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope
) -> bool:
    """Follow a `def`."""
    value: Value = make_function(machine, node, scope)
    for decorator in reversed(node.decorator_list):
        value = _decorated(machine, machine.evaluate(decorator, scope), value, decorator, scope)
    if node.name == "__getattr__" and scope.outer is None:
        machine.let_go(value)  # Python calls it for what the module lacks
    machine.bind(scope, node.name, value)
    return True


def make_function(
    machine: Machine, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, scope: Scope
) -> Function:
    """Make the value of a definition."""
    names = [arg.arg for arg in (*node.args.posonlyargs, *node.args.args)]
    defaults: dict[str, Value] = {}
    given = node.args.defaults
    for name, default in zip(names[len(names) - len(given) :], given, strict=True):
        defaults[name] = machine.evaluate(default, scope)
    for arg, keyword in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
        if keyword is not None:
            defaults[arg.arg] = machine.evaluate(keyword, scope)
    return Function(node, scope, defaults)


def _decorated(
    machine: Machine, decorator: Value, value: Value, node: ast.AST, scope: Scope
) -> Value:
    if isinstance(decorator, Builtin) and decorator.name in _MARKS:
        return Marked(decorator.name, value)
    if isinstance(decorator, Builtin) and decorator.name in _SEE_THROUGH:
        return value
    if decorator is UNKNOWN or isinstance(decorator, Builtin):
        # A library's decorator, which is taken to hand on what it is given. It may also call the
        # function some day, if nobody else does.
        if isinstance(value, Function):
            machine.decorated.append(value)
        return value
    return machine.apply(decorator, Arguments([value]), node, scope)


def define_class(machine: Machine, node: ast.ClassDef, scope: Scope) -> bool:
    """Follow a `class`."""
    bases = tuple(machine.evaluate(base, scope) for base in node.bases)
    inner = Scope(scope.source, scope, is_class=True, clouded=scope.source.shared)
    machine.execute(node.body, inner)
    fields: tuple[str, ...] | None = None
    named = {str(word.arg): machine.evaluate(word.value, scope) for word in node.keywords}
    unknown = "metaclass" in named
    for decorator in node.decorator_list:
        found = machine.evaluate(decorator, scope)
        if isinstance(found, Builtin) and found.name.startswith("dataclasses.dataclass"):
            fields = _fields(node)
        else:
            unknown = True
    if any(isinstance(base, Builtin) and base.name == "typing.NamedTuple" for base in bases):
        fields = _fields(node)
    if fields is not None:
        inherited = [base.fields for base in bases if isinstance(base, Class) and base.fields]
        fields = tuple(dict.fromkeys(name for part in (*inherited, fields) for name in part))
    cls = Class(node.name, inner.state, bases, fields, shared=machine.importing > 0)
    for member in cls.members.values():
        function = member.function if isinstance(member, Marked) else member
        if isinstance(function, Function) and function.owner is None:
            function.owner = cls
    machine.bind(scope, node.name, cls)
    for value in named.values():
        machine.let_go(value)
    if unknown or not cls.is_plain:
        machine.let_go(cls)
    _let_go_of_hidden_calls(machine, cls)
    _tell_bases(machine, cls, named, node, scope)
    return True


def _tell_bases(
    machine: Machine, cls: Class, named: dict[str, Value], node: ast.ClassDef, scope: Scope
) -> None:
    """Follow the `__init_subclass__` of the classes above, which Python calls."""
    found = next((one for base in cls.bases for one in [_begin_below(base)] if one), None)
    if found is not None:
        machine.called(found, Arguments([cls], named), node, scope)


def _begin_below(base: Value) -> Function | None:
    found = base.find("__init_subclass__") if isinstance(base, Class) else None
    function = found.function if isinstance(found, Marked) else found
    return function if isinstance(function, Function) else None


def _fields(node: ast.ClassDef) -> tuple[str, ...]:
    return tuple(
        part.target.id
        for part in node.body
        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)
    )


def _let_go_of_hidden_calls(machine: Machine, cls: Class) -> None:
    """Python calls special methods where the code shows no call."""
    for name, member in cls.members.items():
        if name.startswith("__") and name.endswith("__") and name not in _FOLLOWED:
            machine.let_go(member)
