"""Every action of the window in one table. Menus, shortcuts, palette, tooltips and help come from it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a person can do.

    Attributes:
        id: Stable, `area.verb`.
        label: What menus and palette say, in English; translated where shown. No trailing colon, "..." where it asks for more.
        shortcut: As Qt writes it (`Ctrl+S`), or several joined by "; ".
        menu: `file`, `edit`, `view`, `run`, `help`, or "" for palette and shortcut alone.
        page: The page it belongs to (`build`), or "" for the window; it works while that page shows.
        slot_name: The method of the window or page that does it. An action whose method is missing is left out.
        help: One sentence for the tooltip and the palette.
        aliases: Other words that the palette's search should find.
        keys: Plain keys (`X`) that the page takes itself where its rows have the keyboard: shown beside the action, not bound, so that they
            can be typed elsewhere.
    """

    id: str
    label: str
    shortcut: str = ""
    menu: str = ""
    page: str = ""
    slot_name: str = ""
    help: str = ""
    aliases: tuple[str, ...] = ()
    keys: str = ""

    @property
    def shown_keys(self) -> str:
        """What is shown beside the action: its first shortcut, or the plain keys."""
        return self.shortcut.split(";")[0].strip() or self.keys


MENUS = (("file", "File"), ("edit", "Edit"), ("view", "View"), ("run", "Run"), ("help", "Help"))

_FILE = (
    Action("file.new", "New project...", "Ctrl+N", "file", "", "new_project", "Start with an empty canvas.", ("新建",)),
    Action("file.open", "Open project...", "Ctrl+O", "file", "", "open_project", "Open a project folder.", ("打开",)),
    Action("file.open-data", "Choose data...", "Ctrl+Shift+O", "file", "", "open_data",
           "Choose a file, a folder, a generated set, a sample or a name on the Hub.", ("import", "open data", "导入", "数据")),
    Action("file.open-source", "Open PyTorch source...", "", "file", "", "open_source", "Draw a class of a Python file; nothing of it is run.",
           ("import", "code", "源代码")),
    Action("file.save", "Save", "Ctrl+S", "file", "", "save_project", "Write the project to its folder.", ("保存",)),
    Action("file.save-as", "Save as...", "Ctrl+Shift+S", "file", "", "save_project_as", "Write the project to another folder."),
    Action("file.duplicate", "Duplicate project...", "", "file", "", "duplicate_project", "Open an unsaved copy of this project."),
    Action("file.welcome", "Welcome page", "", "file", "", "show_welcome", "Starter projects and recent projects.", ("home", "start", "开始")),
    Action("file.quit", "Quit", "Ctrl+Q", "file", "", "close", "Close the window; a run is asked to stop first."),
)
_EDIT = (
    Action("edit.undo", "Undo", "Ctrl+Z", "edit", "", "undo", "Take the last change back.", ("撤销",)),
    Action("edit.redo", "Redo", "Ctrl+Y; Ctrl+Shift+Z", "edit", "", "redo", "Do the change again.", ("重做",)),
)
_VIEW = (
    Action("view.data", "Data", "Ctrl+1", "view", "", "show_data", "What the model learns from."),
    Action("view.build", "Build", "Ctrl+2", "view", "", "show_build", "Draw the model."),
    Action("view.train", "Train", "Ctrl+3", "view", "", "show_train", "Watch it learn."),
    Action("view.inspect", "Inspect", "Ctrl+4", "view", "", "show_inspect", "Look inside and ask why."),
    Action("view.deploy", "Deploy", "Ctrl+5", "view", "", "show_deploy", "Export, verify and try the result."),
    Action("view.palette", "Search actions...", "Ctrl+Shift+P", "view", "", "show_palette", "Find any action by its name.", ("command palette",)),
    Action("view.left", "Show left column", "Ctrl+B", "view", "", "toggle_left", "Fold or unfold the left column.", ("sidebar",)),
    Action("view.right", "Show right column", "Ctrl+Alt+B", "view", "", "toggle_right", "Fold or unfold the right column.", ("sidebar",)),
    Action("view.reset", "Reset columns", "", "view", "", "reset_columns", "Bring every column of this page back to its place.", ("layout",)),
    Action("view.light", "Light colours", "", "view", "", "use_light", "Dark text on a light ground.", ("theme", "浅色")),
    Action("view.dark", "Dark colours", "", "view", "", "use_dark", "Light text on a dark ground.", ("theme", "深色")),
    Action("view.system-colours", "Colours of the system", "", "view", "", "use_system_theme", "Follow the desktop's own switch.", ("theme",)),
    Action("view.english", "English", "", "view", "", "use_english", "Show the window in English.", ("language", "语言")),
    Action("view.chinese", "Simplified Chinese", "", "view", "", "use_chinese", "Show the window in Simplified Chinese.",
           ("language", "中文", "语言")),
    Action("view.full-screen", "Full screen", "F11", "view", "", "toggle_full_screen", "Use the whole screen, or leave it."),
)
_RUN = (
    Action("run.train", "Train", "F5; Ctrl+Return", "run", "", "train", "Start a run of this project.", ("fit", "start", "训练")),
    Action("run.pause", "Pause or go on", "F9", "run", "", "pause_or_resume", "Hold the run after the step in progress; again to go on.", ("暂停",)),
    Action("run.step", "One step", "F10", "run", "", "step_once", "Do one training step, then wait.", ("单步",)),
    Action("run.stop", "Stop, keep best", "Shift+F5", "run", "", "stop_run", "End the run now; its best checkpoint stays.", ("停止",)),
    Action("run.resume", "Resume the selected run", "", "run", "", "resume_selected", "Go on with the selected run where it ended.", ("继续",)),
    Action("run.labels", "Find wrong labels...", "", "run", "", "find_wrong_labels",
           "Cross-validate: judge every row by a model that has not seen it.", ("cross-validation", "k-fold", "mislabelled", "交叉验证", "错误标签")),
    Action("run.budget", "Would more data help?", "", "run", "", "study_budget",
           "Train on growing parts of the rows and draw the curve.", ("learning curve", "label budget", "学习曲线")),
    Action("run.compare", "Does a change help?", "", "run", "", "compare_change",
           "Train with and without one change, several times.", ("paired", "ablation", "A/B", "消融")),
    Action("run.folder", "Open the run's folder", "", "run", "", "open_run_folder", "Show the files of the selected run."),
)
_HELP = (
    Action("help.topic", "Help", "F1", "help", "", "show_help", "Explain what is under the pointer or has the focus.", ("manual", "帮助")),
    Action("help.layers", "Layers: the pages", "", "help", "", "show_layers",
           "A page for every layer: picture, formula, use, shapes, costs.", ("catalogue", "层")),
    Action("help.tour", "Tour in seven steps", "", "help", "", "start_tour", "Seven steps on the real controls.", ("导览",)),
    Action("help.shortcuts", "Keyboard shortcuts", "Ctrl+/", "help", "", "show_shortcuts", "List every shortcut.", ("keys", "快捷键")),
    Action("help.about", "About", "", "help", "", "show_about", "Version, licences and where the log lies."),
)

_BUILD = (
    Action("build.search", "Add a layer...", "Ctrl+L", "edit", "build", "search_layer", "Search all layers and add one.", ("Tab", "添加层")),
    Action("build.next", "Add the usual next layer", "", "edit", "build", "add_next", "Add what usually follows the selected one.", ("Enter",)),
    Action("build.find", "Find in the drawing...", "Ctrl+F", "edit", "build", "find_in_drawing", "Go to a layer by its name.", ("查找",)),
    Action("build.select-all", "Select all layers", "", "edit", "build", "select_all", "Select the whole drawing.", ("全选",)),
    Action("build.group", "Group the selected layers", "Ctrl+G", "edit", "build", "group", "One card for several layers.", ("fold", "分组")),
    Action("build.ungroup", "Dissolve the group", "Ctrl+Shift+G", "edit", "build", "ungroup", "Put its layers back where they were.", ("取消分组",)),
    Action("build.repeat", "Repeat the group...", "", "edit", "build", "repeat_group", "Let it stand several times.", ("loop", "stack", "重复")),
    Action("build.bypass", "Bypass the selected layers", "Ctrl+M", "edit", "build", "bypass", "Leave them out, undeleted.", ("mute", "旁路")),
    Action("build.note", "Add a note", "", "edit", "build", "add_note", "Write something beside the layers.", ("comment", "注释")),
    Action("build.frame", "Frame around the selection", "", "edit", "build", "frame_selection", "A coloured frame with a title.", ("框",)),
    Action("build.layout", "Lay out the drawing", "Shift+L", "edit", "build", "lay_out", "Place the selected layers, or all, neatly.", ("布局",)),
    Action("build.fit", "Fit into view", "", "view", "build", "fit_view", "Bring the selection, or everything, into view.", ("zoom", "F")),
    Action("build.source", "Show the source", "Ctrl+U", "view", "build", "show_source", "The drawing as plain PyTorch.", ("code", "源代码")),
    Action("build.picture", "Save the drawing as a picture...", "", "file", "build", "save_picture", "Write the drawing as SVG, PDF or PNG."),
    Action("build.new-layer", "New layer of my own...", "", "edit", "build", "new_layer", "Write a layer in Python, checked as you go.",
           ("custom layer", "plugin", "自定义层")),
    Action("build.reload-layers", "Reload my own layers", "", "", "build", "reload_layers", "Read the files of your own layers anew.", ("refresh",)),
    Action("build.layers-folder", "Open the folder of my own layers", "", "", "build", "open_layers_folder", "Where the Python files lie."),
    Action("build.markdown", "Copy the layer table as Markdown", "", "", "build", "copy_table", "Layers, shapes and costs.", ("README",)),
    Action("build.latex", "Copy the layer table as LaTeX", "", "", "build", "copy_latex", "Layers, shapes and costs.", ("paper",)),
)
_DATA = (
    Action("data.preparation", "Prepare the data", "", "view", "data", "show_preparation", "Fields, tokens, splits, balance and augmentation.",
           ("preprocessing", "augmentation", "tokenizer", "split", "预处理", "增强", "分词", "划分")),
    Action("data.augment", "Add an augmentation...", "", "edit", "data", "add_augmentation", "One more way to vary training rows.", ("增强",)),
    Action("data.suggest", "Suggest augmentations", "", "edit", "data", "suggest_augmentation", "What suits this data and keeps its answers true.",
           ("增强", "建议")),
    Action("data.find", "Find rows...", "Ctrl+F", "edit", "data", "find_rows", "Narrow to rows that hold some words.", ("search", "查找")),
    Action("data.select-all", "Select all rows", "Ctrl+A", "edit", "data", "select_all_rows", "Select every row that is shown.", ("全选",)),
    Action("data.show-all", "Show all rows", "", "view", "data", "show_all", "Let go of every filter.", ("reset", "clear", "全部")),
    Action("data.class", "Give a class...", "", "edit", "data", "choose_class", "Digits give rows one of the first ten classes.",
           ("relabel", "label", "标签"), "0 … 9"),
    Action("data.exclude", "Leave rows out, or take them in", "", "edit", "data", "leave_out", "Rows left out enter no split; undo brings them back.",
           ("exclude", "delete", "排除"), "X"),
    Action("data.tag", "Tag rows...", "", "edit", "data", "tag_rows", "Write a tag on the selected rows.", ("标记",), "T"),
    Action("data.note", "Write a note on rows...", "", "edit", "data", "note_rows", "Keep a remark with the selected rows.", ("备注",), "N"),
    Action("data.move", "Move rows to a split...", "", "edit", "data", "move_rows", "Training, validation or test.", ("split", "划分"), "M"),
    Action("data.enlarge", "Look at a row large", "", "view", "data", "enlarge_row", "Arrows walk on, Esc goes back.", ("loupe", "zoom", "放大"),
           "Enter"),
    Action("data.inspect", "Look at a row in Inspect", "", "view", "data", "inspect_row", "What a run says about it, and why.", ("explain",), "I"),
    Action("data.play", "Play the sound of a row", "", "view", "data", "play_row", "Where rows are sounds.", ("audio", "播放"), "P"),
    Action("data.fold", "Fold a group, or unfold it", "", "view", "data", "fold_group", "The group under the cursor; Shift+F unfolds all.",
           ("collapse", "折叠"), "F"),
    Action("data.larger", "Larger rows", "Ctrl++; Ctrl+=", "view", "data", "zoom_in", "Larger pictures, taller lines.", ("zoom", "放大")),
    Action("data.smaller", "Smaller rows", "Ctrl+-", "view", "data", "zoom_out", "Smaller pictures, in the end a list.", ("zoom", "缩小")),
    Action("data.grid", "Show the grid", "Alt+1", "view", "data", "show_grid", "Rows as pictures or lines.", ("网格",)),
    Action("data.statistics", "Show the statistics", "Alt+2", "view", "data", "show_statistics", "What the rows that are shown hold, in figures.",
           ("统计",)),
    Action("data.map", "Show the map", "Alt+3", "view", "data", "show_map", "Rows as points, alike ones near each other.", ("embedding", "地图")),
    Action("data.next-part", "Next part of the page", "F6", "view", "data", "go_on", "Facets, rows, findings, row: the keyboard goes on.",
           ("focus", "焦点")),
    Action("data.previous-part", "Previous part of the page", "Shift+F6", "view", "data", "go_back", "The keyboard goes back.", ("focus", "焦点")),
)

ACTIONS: tuple[Action, ...] = (*_FILE, *_EDIT, *_VIEW, *_RUN, *_HELP, *_DATA, *_BUILD)


def action(action_id: str) -> Action:
    """Returns the row with this id.

    Raises:
        KeyError: There is none.
    """
    for row in ACTIONS:
        if row.id == action_id:
            return row
    raise KeyError(action_id)
