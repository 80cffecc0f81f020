/**
 * What a shell runs for completion: it asks `muster __complete WORDS...`, which prints a word and a tab and what it means
 * on each line, and last `:none`, or `:file` where the shell should complete the name of a file.
 */

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

const BASH = `# muster completion bash > /etc/bash_completion.d/muster
_muster() {
  local line rest words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  # Colons and equals signs break words in bash: the line is read again by spaces.
  read -r -a rest <<< "\${COMP_LINE:0:COMP_POINT}"
  [[ "\${COMP_LINE:0:COMP_POINT}" == *" " ]] && rest+=("")
  [[ "\${#rest[@]}" -gt 1 ]] && words=("\${rest[@]:1}")
  local typed="\${words[\${#words[@]}-1]}" cut=""
  [[ "$typed" == *[=:]* && "$COMP_WORDBREAKS" == *[=:]* ]] && cut="\${typed%"\${typed##*[=:]}"}"
  COMPREPLY=()
  while IFS= read -r line; do
    case "$line" in
      :file) COMPREPLY=($(compgen -f -- "\${typed#"$cut"}")); compopt -o filenames 2>/dev/null ;;
      :*) ;;
      *) line="\${line%%$'\\t'*}"; COMPREPLY+=("\${line#"$cut"}") ;;
    esac
  done < <("\${COMP_WORDS[0]}" __complete "\${words[@]}" 2>/dev/null)
}
complete -F _muster muster kubectl-muster
`;

const ZSH = `#compdef muster kubectl-muster
# muster completion zsh > "\${fpath[1]}/_muster"
_muster() {
  local line word about
  local -a described
  for line in "\${(@f)$("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    case "$line" in
      :file) _files; return ;;
      :*) ;;
      *)
        word="\${line%%$'\\t'*}"
        about="\${line#*$'\\t'}"
        described+=("\${word//:/\\\\:}:$about")
        ;;
    esac
  done
  _describe -t values value described
}
# Loaded by fpath, or by eval "$(muster completion zsh)".
if [ "$funcstack[1]" = "_muster" ]; then _muster "$@"; else compdef _muster muster kubectl-muster; fi
`;

const FISH = `# muster completion fish > ~/.config/fish/completions/muster.fish
function __muster_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l program $words[1]
    for line in ($program __complete $words[2..-1] 2>/dev/null)
        switch $line
            case ':file'
                __fish_complete_path (commandline -ct)
            case ':*'
            case '*'
                echo $line
        end
    end
end
for program in muster kubectl-muster
    complete -c $program -k -f -a '(__muster_complete)'
end
`;

/** kubectl asks `kubectl_complete-muster` on the PATH, in the form of Cobra: directive 4 is no file, 0 is a file. */
const KUBECTL = `#!/bin/sh
# muster completion kubectl > /usr/local/bin/kubectl_complete-muster && chmod +x /usr/local/bin/kubectl_complete-muster
kubectl-muster __complete "$@" 2>/dev/null | sed -e 's/^:file$/:0/' -e 's/^:none$/:4/'
`;

/** The script of a shell; of `kubectl`, the program that completes the plugin. */
export const SCRIPTS: Readonly<Record<Shell | 'kubectl', string>> = {
  bash: BASH,
  zsh: ZSH,
  fish: FISH,
  kubectl: KUBECTL,
};
