"""The right column: the one layer that is selected, or the whole model where none is."""

from __future__ import annotations

from html import escape
from typing import Any

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.form import ParamsForm
from workbench.app.help_text import LAYER_MARK
from workbench.app.language import say, tr
from workbench.app.pages.build.commands import Commands
from workbench.app.pages.build.costs import CostBook
from workbench.app.pages.build.figures import counted, percent, shortened, sized
from workbench.app.pages.build.repeat_form import RepeatForm
from workbench.app.pages.build.shared_form import exposed_form, shared_form
from workbench.app.pages.build.tips import named_axes
from workbench.app.widgets import Bar, Heading, KeyValue, button, quiet
from workbench.app.widgets.figure_view import FigureView, FormulaView
from workbench.graph.graph import Node
from workbench.graph.problem import Severity
from workbench.graph.repeat import counts
from workbench.layers.expressions.value import written
from workbench.layers.guide import shown_params


class Inspector(QWidget):
    """Name, parameters, meaning, shapes and cost of the selected layer.

    Signals:
        finished: The user is done with the name and wants to be back on the canvas.
        help_wanted: The page of a layer (`layer:conv2d`) and the parameters of the node it is asked for.
    """

    finished = Signal()
    help_wanted = Signal(str, dict)

    def __init__(self, commands: Commands, book: CostBook, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("build.inspector")
        self._commands, self._book = commands, book
        self._node: Node | None = None
        self._group = ""
        self._about: tuple[str, str] = ("", "")
        self.form: ParamsForm | None = None
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(theme.SPACE_16, theme.SPACE_4, theme.SPACE_16, theme.SPACE_16)
        self._layout.setSpacing(theme.SPACE_8)
        self._build()

    def _build(self) -> None:
        self.name = QLineEdit(self)
        self.name.setObjectName("build.inspector.name")
        self.name.setAccessibleName(tr("Name"))
        self.name.setToolTip(tr("The name of the layer, in the drawing and in the source"))
        self.name.editingFinished.connect(self._rename)
        self.kind = quiet("", self)
        self.kind.setTextFormat(Qt.TextFormat.RichText)
        self.refusal = QLabel(self)
        self.refusal.setWordWrap(True)
        theme.mark(self.refusal, "wrong")
        self.summary, self.formula = quiet("", self), FormulaView(self)
        self.figure = FigureView("build.inspector.figure", self)
        self.figure.clicked.connect(self.ask_help)
        self.help = button("build.inspector.help", "?", self.ask_help, kind="plain", tip=tr("Explain this layer: picture, formula, shapes, costs"))
        self.shapes = KeyValue("build.inspector.shapes", self, rich=True)
        self.cost = KeyValue("build.inspector.cost", self, rich=True)
        self.bar = Bar(self, height=4)
        self._form_place = QVBoxLayout()
        self._meaning, self._shape_title, self._cost_title = Heading(tr("What it does")), Heading(tr("Shape")), Heading(tr("Cost"))
        head = QHBoxLayout()
        head.addWidget(self.name, 1)
        head.addWidget(self.help)
        self._layout.addLayout(head)
        for widget in (self.refusal, self.kind):
            self._layout.addWidget(widget)
        self._layout.addLayout(self._form_place)
        self.repetition = RepeatForm(lambda path, field, value: self._commands.repeat(path, **{field: value}), self)
        self._layout.addWidget(self.repetition)
        for widget in (
            self._meaning, self.summary, self.figure, self.formula, self._shape_title, self.shapes, self._cost_title, self.cost, self.bar,
        ):
            self._layout.addWidget(widget)
        self._layout.addStretch(1)

    def show_selection(self) -> None:
        """Shows what is selected now."""
        session = self._commands.session
        chosen = [node for node in session.selection if node in session.project.graph]
        self.refusal.setVisible(False)
        self.repetition.show_group(session.project.graph, self._commands.whole_group(chosen))
        if len(chosen) == 1 and not self._commands.folded_group(chosen):
            self._show_node(session.project.graph[chosen[0]])
        else:
            self._show_many(chosen)

    def _show_many(self, chosen: list[str]) -> None:
        self._node = None
        self._show_shared_form(chosen)
        self._group = self._commands.folded_group(chosen)
        self.name.setVisible(bool(self._group))
        if self._group and not self.name.hasFocus():
            self.name.setText(self._group.rpartition(".")[2])
        title = tr("{count} layers selected", count=len(chosen)) if chosen else tr("The model")
        self.kind.setText(f"<b>{title}</b>")
        self.summary.setText("" if chosen else tr("Select a layer to see and change what it does."))
        for widget in (self._meaning, self.formula, self.figure, self.help, self._shape_title):
            widget.setVisible(False)
        self.summary.setVisible(not chosen)
        self.bar.setVisible(bool(chosen))
        self._show_ends(chosen)
        self._show_cost(chosen or list(self._commands.graph.nodes), bool(chosen))

    def _show_shared_form(self, chosen: list[str]) -> None:
        """Shows the parameters that several layers have in common, or those that a group exposes; one change reaches all."""
        graph, layers = self._commands.graph, self._commands.layers
        path = self._commands.folded_group(chosen)
        model, places, values = exposed_form(graph, path, layers) if path else shared_form(graph, chosen, layers)
        about = (path or ",".join(sorted(chosen)), repr(places))
        if self.form is None or about != self._about:
            self._drop_form()
            self._about = about
            if model is not None:
                self.form = ParamsForm(model, self, "build.params")
                self.form.edited.connect(lambda field, value: self._commands.set_params(self._places[field], value))
                self._form_place.addWidget(self.form)
        self._places: dict[str, tuple[tuple[str, str], ...]] = places
        if self.form is not None:
            self.form.set_values(values)

    def _show_ends(self, chosen: list[str]) -> None:
        """Shows what goes into the model and what comes out of it."""
        graph, inferred = self._commands.graph, self._commands.session.inferred
        ends = []
        for node in graph if not chosen else ():
            if node.id in inferred.whole.ends:
                ends += [(node.name, str(shape)) for shape in inferred.output_shapes(node.id).values()]
        self.shapes.setVisible(not chosen and bool(ends))
        self._shape_title.setVisible(not chosen and bool(ends))
        self.shapes.set_rows(list(dict(ends).items())[:8])

    def _show_node(self, node: Node) -> None:
        layer = self._commands.layers.get(node.layer)
        changed = self._node is None or self._node.id != node.id or self._about != (node.id, node.layer)
        self._node, self._group = node, ""
        self.name.setVisible(True)
        if changed or not self.name.hasFocus():
            self.name.setText(node.name)
        kind = escape(say(layer.label) if layer is not None else tr("unknown layer {name}", name=node.layer))
        times = counts(self._commands.graph, node.group)[0]
        self.kind.setText(tr("{kind} · stands {times} times", kind=kind, times=times) if times > 1 else kind)
        if changed:
            self._show_meaning(layer)
            self._make_form(layer)
            self._about = (node.id, node.layer)
        if self.form is not None:
            self.form.set_values(node.params)
        self._show_figure(node, layer)
        self._show_outcome(node)
        self._show_shapes(node)
        self._show_cost([node.id], True)

    def _show_outcome(self, node: Node) -> None:
        """Says below a formula what it gives, or what is wrong with it."""
        inferred = self._commands.session.inferred
        wrong = next((problem for problem in inferred.problems_of(node.id) if problem.severity is Severity.ERROR), None)
        given = next(iter(inferred.output_shapes(node.id).values()), None)
        text = say(wrong.message) if wrong is not None else tr("gives {shape}", shape=written(given.axes, given.dims)) if given is not None else ""
        if self.form is not None:
            self.form.set_outcome(text, wrong is not None)

    def _show_meaning(self, layer: Any) -> None:
        self._meaning.setVisible(True)
        self.summary.setVisible(True)
        text = say(layer.summary) if layer is not None else tr("This layer is not in the catalogue. Its parameters are kept as they are.")
        self.summary.setText(text)
        self.formula.setText(say(layer.formula) if layer is not None else "")
        self.formula.setVisible(bool(self.formula.text()))

    def _show_figure(self, node: Node, layer: Any) -> None:
        """Draws what the layer does with the node's own parameters and the shapes that reach it."""
        self.help.setVisible(layer is not None)
        if layer is None or layer.figure is None:
            self.figure.show_figure(None)
            return
        params, inputs = shown_params(layer, node.params), dict(self._commands.session.inferred.input_shapes(node.id))
        self.figure.setAccessibleName(say(layer.summary))
        self.figure.show_figure(lambda step: layer.figure.draw(params, inputs, step), layer.figure.steps(params))

    def ask_help(self) -> None:
        """Asks for the help page of the layer that is shown."""
        if self._node is not None:
            self.help_wanted.emit(f"{LAYER_MARK}{self._node.layer}", dict(self._node.params))

    def layer_page_at(self, _place: QPoint) -> tuple[str, dict[str, Any] | None]:
        """Returns the help page of the layer that is shown, and its parameters."""
        return (f"{LAYER_MARK}{self._node.layer}", dict(self._node.params)) if self._node is not None else ("", None)

    def _make_form(self, layer: Any) -> None:
        self._drop_form()
        if layer is None or not layer.Params.model_fields:
            return
        self.form = ParamsForm(layer.Params, self, "build.params")
        self.form.edited.connect(self._edited)
        fields = getattr(self._commands.session.dataset, "fields", ())
        if "field" in self.form.fields and fields:
            self.form.set_choices("field", ["", *(field.name for field in fields)])
        self._form_place.addWidget(self.form)

    def _drop_form(self) -> None:
        self._about = ("", "")
        if self.form is not None:
            self.form.hide()
            self.form.deleteLater()
            self.form = None

    def _edited(self, name: str, value: object) -> None:
        if self._node is not None:
            self._commands.set_param(self._node.id, name, value)

    def _show_shapes(self, node: Node) -> None:
        inferred = self._commands.session.inferred
        rows = [(_side(name, tr("in"), "input"), shape) for name, shape in inferred.input_shapes(node.id).items()]
        rows += [(_side(name, tr("out"), "output"), shape) for name, shape in inferred.output_shapes(node.id).items()]
        self._shape_title.setVisible(True)
        self.shapes.setVisible(True)
        look = theme.current()
        shown = [(name, f'{shape}<br><span style="color:{look.quiet};font-size:11px">{named_axes(shape)}</span>') for name, shape in rows]
        self.shapes.set_rows(shown or [(tr("out"), tr("not known yet"))])

    def _show_cost(self, nodes: list[str], shares: bool) -> None:
        costs, batch = self._book.costs, self._commands.session.project.recipe.batch_size
        own = [costs[node] for node in nodes if node in costs]
        for widget in (self._cost_title, self.cost):
            widget.setVisible(bool(own))
        whole = self._book.totals(batch).cost
        parameters, macs = sum(cost.parameters for cost in own), sum(cost.macs for cost in own)
        kept = sum(cost.kept_bytes for cost in own)
        colour = theme.current().quiet

        def with_share(text: str, part: int, of: int) -> str:
            return f'{text} &nbsp;<span style="color:{colour}">{percent(part / of)}</span>' if shares and of and part else text

        self.cost.set_rows([
            (tr("Parameters"), with_share(counted(parameters), parameters, whole.parameters)),
            (tr("MACs"), with_share(shortened(macs), macs, whole.macs)),
            (tr("Activations"), tr("{size} at batch {rows}", size=sized(kept * batch), rows=batch)),
        ])
        share = macs / whole.macs if whole.macs else 0.0
        self.bar.setVisible(shares and bool(own))
        self.bar.set_value(share, track=True, text=tr("{share} of the multiply-accumulates", share=percent(share)))

    def edit_repeat(self) -> None:
        """Puts the cursor into how often the selected group is repeated."""
        self.repetition.edit_times()

    def edit_name(self) -> None:
        """Puts the cursor into the name."""
        self.name.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.name.selectAll()

    def _rename(self) -> None:
        if self._node is None and not self._group:
            return
        name = self.name.text().strip()
        refusal = self._commands.rename(self._node.id, name) if self._node else self._commands.rename_group(self._group, name)
        self.refusal.setText(refusal)
        self.refusal.setVisible(bool(refusal))
        if refusal:
            self.name.setText(self._node.name if self._node else self._group.rpartition(".")[2])


def _side(port: str, word: str, usual: str) -> str:
    return word if port == usual else f"{word} {port.removeprefix('inputs.') if usual == 'input' else port}"
