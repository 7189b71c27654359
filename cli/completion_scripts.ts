/**
 * The scripts by which shells complete our tasks. Each has a table of the words that can come at each place, and one
 * function that finds the place: the task, and the commands behind it.
 *
 *     deno task --quiet log show --at ▮      place "log show", behind an option that takes a value
 *
 * @module
 */

import type { Completion, OptionWords, Place, Word } from "./completion_words.ts";

/** Says in each script where it comes from. */
const origin = "# Made by `deno task completion`: completes the tasks of this folder behind `deno task`.";

export function bashScript({ root, tasks, places }: Completion): string {
  return `${origin}
__dist_space_root=${quoted(root)}
__dist_space_tasks=${quoted(wordsIn(tasks))}
# What completed deno before.
__dist_space_deno=$(complete -p deno 2>/dev/null | sed -n 's/.* -F \\([^ ]*\\) .*/\\1/p')
[[ $__dist_space_deno == _dist_space ]] && __dist_space_deno=

# Sets commands, options and valued to what there is at a place; false if it is none.
__dist_space_at() {
  commands= options= valued=
  case $1 in
${places.map(bashPlace).join("\n")}
    *) return 1 ;;
  esac
}

# The values of an option, where there are few.
__dist_space_values() {
  case $1 in
${
    valuedOptions(places).map(([at, { values }]) => `    ${quoted(at)}) echo ${quoted(values.join(" "))} ;;`)
      .join("\n")
  }
  esac
}

_dist_space() {
  local at=2 place word commands options valued before current=\${COMP_WORDS[COMP_CWORD]}
  while (( at < COMP_CWORD )) && [[ \${COMP_WORDS[at]} == -* ]]; do (( at++ )); done
  if [[ \${COMP_WORDS[1]} != task || $PWD/ != "$__dist_space_root"/* ]] || (( at > COMP_CWORD )) ||
    { (( at == COMP_CWORD )) && [[ $current == -* ]]; }; then
    if [[ -n $__dist_space_deno ]]; then "$__dist_space_deno" "$@"; fi
    return
  fi
  COMPREPLY=()
  if (( at == COMP_CWORD )); then
    COMPREPLY=($(compgen -W "$__dist_space_tasks" -- "$current"))
    return
  fi
  place=\${COMP_WORDS[at]}
  __dist_space_at "$place" || return
  for (( at++; at < COMP_CWORD; at++ )); do
    word=\${COMP_WORDS[at]}
    if [[ " $commands " == *" $word "* ]]; then place+=" $word"; __dist_space_at "$place"; fi
  done
  before=\${COMP_WORDS[COMP_CWORD - 1]}
  if [[ " $valued " == *" $before "* ]]; then
    COMPREPLY=($(compgen -W "$(__dist_space_values "$place $before")" -- "$current"))
  elif [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$current"))
  else
    COMPREPLY=($(compgen -W "$commands" -- "$current"))
  fi
}
# Where nothing of ours fits, there are files.
complete -o bashdefault -o default -F _dist_space deno`;
}

function bashPlace({ path, commands, options }: Place): string {
  const valued = options.filter(({ takesValue }) => takesValue).flatMap(({ names }) => names);
  const parts = [
    ...commands.length === 0 ? [] : [`commands=${quoted(wordsIn(commands))}`],
    `options=${quoted(wordsIn(options))}`,
    ...valued.length === 0 ? [] : [`valued=${quoted(valued.join(" "))}`],
  ];
  return `    ${quoted(path)}) ${parts.join(" ")} ;;`;
}

export function zshScript({ root, tasks, places }: Completion): string {
  const described = (words: readonly Word[]) =>
    words.map(({ word, says }) => quoted(`${word.replaceAll(":", "\\:")}:${says}`)).join(" ");
  const placed = (place: Place) => {
    const { path, commands, options } = place;
    const valued = options.filter(({ takesValue }) => takesValue).flatMap(({ names }) => names);
    return `    ${quoted(path)})
      commands=(${described(commands)})
      names=(${commands.map(({ word }) => quoted(word)).join(" ")})
      options=(${described(options)})
      valued=(${valued.map(quoted).join(" ")}) ;;`;
  };
  return `${origin}
typeset -g __dist_space_root=${quoted(root)} __dist_space_deno=\${_comps[deno]:-}
[[ $__dist_space_deno == _dist_space ]] && __dist_space_deno=

# Sets commands, names, options and valued to what there is at a place; false if it is none.
__dist_space_at() {
  commands=() names=() options=() valued=()
  case $1 in
${places.map(placed).join("\n")}
    *) return 1 ;;
  esac
}

# The values of an option, where there are few.
__dist_space_values() {
  case $1 in
${
    valuedOptions(places).map(([at, { values }]) =>
      `    ${quoted(at)}) values=(${values.map(quoted).join(" ")}) ;;`
    ).join("\n")
  }
  esac
}

_dist_space() {
  local at=3 place word
  local -a commands names options valued values tasks
  while (( at < CURRENT )) && [[ \${words[at]} == -* ]]; do (( at++ )); done
  if [[ \${words[2]} != task || $PWD/ != "$__dist_space_root"/* ]] || (( at > CURRENT )) ||
    { (( at == CURRENT )) && [[ \${words[CURRENT]} == -* ]]; }; then
    if [[ -n $__dist_space_deno ]]; then "$__dist_space_deno" "$@"; else _files; fi
    return
  fi
  if (( at == CURRENT )); then
    tasks=(${described(tasks)})
    _describe task tasks
    return
  fi
  place=\${words[at]}
  __dist_space_at "$place" || { _files; return; }
  for (( at++; at < CURRENT; at++ )); do
    word=\${words[at]}
    if (( \${names[(Ie)$word]} )); then place+=" $word"; __dist_space_at "$place"; fi
  done
  word=\${words[CURRENT - 1]}
  if (( \${valued[(Ie)$word]} )); then
    __dist_space_values "$place $word"
    if (( $#values )); then _describe value values; else _files; fi
  elif [[ \${words[CURRENT]} == -* ]]; then
    _describe option options
  elif (( $#commands )); then
    _describe command commands
  else
    _files
  fi
}
compdef _dist_space deno`;
}

export function fishScript({ root, tasks, places }: Completion): string {
  const printed = (words: readonly Word[], indent: string) =>
    words.map(({ word, says }) => `${indent}printf '%s\\t%s\\n' ${fishQuoted(word)} ${fishQuoted(says)}`)
      .join("\n");
  const placed = ({ path, commands, options }: Place) =>
    `        case ${fishQuoted(path)}
            if string match -q -- '-*' "$current"
${printed(options, " ".repeat(16))}
            else
${
      commands.length === 0
        ? `${" ".repeat(16)}__fish_complete_path "$current"`
        : printed(commands, " ".repeat(16))
    }
            end`;
  return `${origin}
set -g __dist_space_root ${fishQuoted(root)}
set -g __dist_space_places ${places.map(({ path }) => fishQuoted(path)).join(" ")}
set -g __dist_space_valued ${
    places.flatMap(({ path, options }) =>
      options.filter(({ takesValue }) => takesValue).flatMap(({ names }) =>
        names.map((name) => fishQuoted(`${path} ${name}`))
      )
    ).join(" ")
  }

# Whether this is for us: behind \`deno task\`, in a folder of ours.
function __dist_space_here
    set -l words (commandline -opc)
    test (count $words) -ge 2; and test "$words[2]" = task; and string match -q -- "$__dist_space_root/*" "$PWD/"
end

function __dist_space_candidates
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l at 3
    while test $at -le (count $words); and string match -q -- '-*' $words[$at]
        set at (math $at + 1)
    end
    if test $at -gt (count $words)
${printed(tasks, " ".repeat(8))}
        return
    end
    set -l place $words[$at]
    for word in $words[(math $at + 1)..-1]
        contains -- "$place $word" $__dist_space_places; and set place "$place $word"
    end
    if contains -- "$place $words[-1]" $__dist_space_valued
        switch "$place $words[-1]"
${
    valuedOptions(places).map(([at, { values }]) =>
      `            case ${fishQuoted(at)}\n${
        values.map((value) => `                echo ${fishQuoted(value)}`).join("\n")
      }`
    ).join("\n")
  }
            case '*'
                __fish_complete_path "$current"
        end
        return
    end
    switch "$place"
${places.map(placed).join("\n")}
        case '*'
            __fish_complete_path "$current"
    end
end

complete -c deno -n __dist_space_here -f -a '(__dist_space_candidates)'`;
}

/** Options that take one of a few words, each with its place and its name before it. */
function valuedOptions(places: readonly Place[]): (readonly [at: string, option: OptionWords])[] {
  return places.flatMap(({ path, options }) =>
    options.filter(({ values }) => values.length > 0)
      .flatMap((option) => option.names.map((name) => [`${path} ${name}`, option] as const))
  );
}

function wordsIn(words: readonly Word[]): string {
  return words.map(({ word }) => word).join(" ");
}

/** One word of bash or zsh. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function fishQuoted(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}
