"""How instructions to the machine are worded, in the languages customers and attackers write in.

Weights say how sure one hit makes us; several hits add up (see input.py). Words that customers use about their own
mails ("please ignore my last message") are excused.
"""

from triage.guardrails.patterns import rule

_DROP = r"\b(ignor(e|ing)|disregard|forget|overlook|overrid(e|ing)|bypass|discard|neglect|(do not|don't|stop) (follow|obey)(ing)?|pay no attention to)"
_ORDERS = r"(instructions?|rules?|guidelines?|directions|directives?|prompts?|commands?|constraints|restrictions|polic(y|ies)|programming|training|system message)"
_OWN = (
    r"\b(my|our) (\w{1,12} )?(\w{1,12} )?(instruction|direction|message|mail|e-mail|request|order|question|ticket|comment|note)"
)
_SHOW = r"\b(repeat|reveal|print|show|display|output|paste|give|tell|share|send|leak|expose|dump|write|recite|disclose|summari[sz]e|translate|quote|post)"
_INTO = r"(in|to|into|with|of|from|at the (start|end) of)( all)? (your|the) (next |final |first |own )?(reply|response|answer|output)s?\b"

OVERRIDES = [
    rule(
        "override",
        0.9,
        "tells the reader to drop its instructions",
        _DROP + r"~\b(previous|prior|above|earlier|preceding|existing|initial|original|current|"
        r"system|internal|safety|all|any|these|those|every|your|other|triage|security)\b~" + _ORDERS,
        needs="ignor|disregard|forget|overlook|overrid|bypass|discard|neglect|follow|obey|attention",
        within=_OWN,
    ),
    rule(
        "override",
        0.9,
        "tells the reader to forget what it was told",
        _DROP + r"( about)? (all |everything|any|every|what)~\b(told|instructed|taught|learn(ed|t)|know|said)\b",
        needs="ignor|disregard|forget|overlook|overrid|discard",
        unless=r"\b(i|we) (have )?(\w+ )?(told|said|wrote)",
    ),
    rule(
        "override",
        0.6,
        "tells the reader to drop the text before",
        r"\b(ignore|disregard|forget) (all |everything )?(the )?(above|previous|before)( text| context| input| content| task)?( and|[.,:;!] ?)",
        needs="ignor|disregard|forget",
    ),
    rule(
        "override",
        0.55,
        "tells the reader to drop earlier requests",
        r"\b(ignore|disregard) all (prior|previous|other|earlier) (requests|inputs?|messages|context|text|content)\b",
        needs="ignor|disregard",
    ),
    rule(
        "override",
        0.6,
        "tells the reader to ignore the content it was given",
        r"\bignore the (web ?page|page|function|paper|document|resume|cv|article|content|text|email|ticket|table|code|transaction|description)\b~\b(and|instead|say|state|output|tell)",
        needs="ignore the",
    ),
    rule(
        "override",
        0.7,
        "announces a new task",
        r"\b(your|the) (new|real|actual|only|next) (task|instructions?|objective|goal|role|purpose) (is|are|:)|\bnew (system )?(instructions?|directives?|orders?) ?:",
        needs="task|instruction|objective|goal|role|purpose|directive|orders",
    ),
    rule(
        "override",
        0.6,
        "claims that rules no longer hold",
        r"\b(rules|instructions|guidelines|polic(y|ies)|restrictions|guardrails|filters)~\b(no longer|don't|do not) (apply|count|hold|matter)|\bregardless of any (previous|prior|other) (input|instruction)",
        needs="no longer|apply|count|matter|regardless",
    ),
    rule(
        "override",
        0.6,
        "tells the reader to step around a check",
        r"\b(override|bypass|skip|disable|turn off|switch off) (the |any |all |your )?(\w+ )?(verification|approval|identity|security|safety|moderation|content|guard ?rails?|review) ?(check|step|filter|rule|process|s)?\b~\b(for this|on this|and (send|issue|refund|approve|reset|reply|proceed))",
        needs="verification|approval|identity|security|safety|moderation|content|guard|review",
    ),
]

EXTRACTION = [
    rule(
        "prompt_extraction",
        0.9,
        "asks for the hidden instructions",
        _SHOW
        + r"~\b(system|initial|hidden|original|internal|secret|developer|full|exact|entire|above|base|starting)( \w+)? (prompt|instructions?|system message|guidelines|configuration|rules)\b",
        needs="prompt|instruction|system message|guideline|configuration|rules",
        unless=r"\bprompt (timeout|error|failed)|\b(cook|recipe|assembl|manual|user guide|install|brew|clean|descal|setup|set-up|descaling)\w*",
    ),
    rule(
        "prompt_extraction",
        0.6,
        "speaks of the machine's own prompt",
        r"\b(your|the) (system|initial|hidden|original|base|secret) prompt\b",
        needs="prompt",
    ),
    rule(
        "prompt_extraction",
        0.7,
        "asks for the machine's instructions",
        r"\bwhat (is|are|was|were|'s|do|does)~\byour (system |initial |hidden |original |internal |secret |own )?(instructions|prompts?|system prompt|directives)\b|\b(the|your) (instructions|prompt) you (were|have been|are) given",
        needs="instruction|prompt|directive",
    ),
    rule(
        "secret_extraction",
        0.75,
        "asks for the machine's secret",
        r"\b(your|the system'?s?|our system'?s?) (secret|api|access|private|admin)[\s-]?(key|pass ?word|pass ?phrase|token|code)\b|\b(password|passphrase|secret) (for|of|to) (our|the|your) (system|server|database|admin)|\b(our|the|your) system password\b",
        needs="key|password|passphrase|token|secret|code",
        unless=r"\b(router|wi-?fi|app|machine|my)\b",
    ),
    rule(
        "secret_extraction",
        0.55,
        "asks for a secret in disguise",
        r"\b(write|encode|spell|rhyme|sing|compose|give|print|say|translate)~\b(the|your) (pass ?word|pass ?phrase|secret)\b~(\bin (pig|leet|base64|morse|reverse|rot|\w+ ?speak)|$|[,.?!])|\b(poem|haiku|song|acrostic|story|riddle|rhyme)~\b(about|with|of) the (password|passphrase|secret)",
        needs="password|passphrase|secret",
        unless=r"\b(forgot|reset|change|my|login|log in|sign in)\b",
    ),
]

PERSONA = [
    rule(
        "persona",
        0.6,
        "gives the machine a new role",
        r"\byou are (now|no longer|from now on|henceforth)~\b(a|an|dan|bot|ai|assistant|model|agent|unrestricted|free|bound|in|the)\b",
        needs="you are now|you are no longer|you are from|you are hence",
        unless=r"\byou are now (a )?(member|subscri|customer|register|connected|signed|logged|ready|able|part)\w*",
    ),
    rule(
        "persona",
        0.85,
        "uses a known jailbreak",
        r"\bdo anything now\b|\bjail ?break(ed|ing)? (mode|prompt|yourself)|\b(developer|god|dan|admin|debug|maintenance|unrestricted) mode (is )?(now )?(enabled|activated|on|engaged)\b|\b(enter|enable|activate|switch to|go into) (developer|god|dan|debug|unrestricted) mode\b(?! (on|in|of) (the|my))|\bas dan\b",
        needs="anything now|break|mode|dan",
    ),
    rule(
        "persona",
        0.6,
        "asks for a model without limits",
        r"\b(act|behave|respond|answer|reply|role-?play|pretend)~\b(as|like|to be|you are)~\b(unrestricted|unfiltered|uncensored|ai|language model|root|admin(istrator)?|linux terminal|hacker|system|developer|no rules|without (any )?(rules|restrictions|filters|limits))\b|\bnot bound by (the |any |your )?\w*( \w+)?( guidelines| rules| polic)|\bwithout (any )?(restrictions|filters|ethical|moral|safety)~\b(answer|respond|reply)",
        needs="act|behave|respond|answer|reply|role|pretend|bound",
    ),
]

ADDRESS = [
    rule(
        "addresses_machine",
        0.7,
        "is addressed to a machine",
        r"\b(note|message|instructions?|notice|attention|memo|hint|request) (to|for|:) (the |all |any |an? |your )?(ai|llm|language model|chat ?bot|bot|virtual|automated|automatic|support bot|assistant|agents? reading|triage|classifier|model)\b",
        needs="ai|llm|model|bot|virtual|automat|assistant|agent|triage|classifier",
        unless=r"\bgoogle assistant|shop assistant|sales assistant",
    ),
    rule(
        "addresses_machine",
        0.55,
        "speaks to an artificial reader",
        r"(^|[.!?\n>:-]\W*)(dear |hi |hey |hello |ok |attention,? )?(ai|llm|language model|ai (support )?(assistant|agent|model|system)|chat ?bot|support bot|automated (agent|system|assistant))\s?[:,!]",
        needs="ai|llm|model|bot|automated",
    ),
    rule(
        "addresses_machine",
        0.25,
        "speaks to an assistant",
        r"(^|[.!?\n>]\W*)(dear |hi |hey |hello )?(the )?assistant\s?[:,]",
        needs="assistant",
    ),
    rule(
        "addresses_machine",
        0.7,
        "counts on an artificial reader",
        r"\b(if|since|because|as) you('re| are) (an? )?(ai|llm|large language model|language model|bot|automated|artificial)\b|\b(any|all) (ai|llm|language model)s?( agents?| assistants?| systems?| models?)? (reading|processing|handling|that|must|should|summari)",
        needs="ai|llm|model|bot|automated|artificial",
    ),
    rule(
        "markup",
        0.85,
        "imitates the markup of a model's prompt",
        r"<\|(im_start|im_end|system|user|assistant|endoftext|eot_id|start_header_id)[^>]{0,10}\|?>|\[/?inst\]|<</?sys>>|</?(system|instructions?|system_prompt|assistant|tool_call)>|\[/?(system|assistant|admin)\]|###\s?(system|instructions?|assistant|new instructions?)\b|\bbegin system\b|\bend of (user|customer|untrusted) (input|message|text|data|ticket)",
        needs="<|[inst|[/inst|sys|instruction|[assistant|[admin|end of",
    ),
    rule(
        "markup",
        0.6,
        "pretends to be the system",
        r"(^|[\n>*\]]\W*|[.!?]\s)(system|developer|admin|assistant)[\s_-]?(note|message|prompt|override|instruction|notice|command|update|directive)s?\s?(:|to)|\bsystem[ ]override\b",
        needs="system|developer|admin|assistant",
        unless=r"\berror message|message:",
    ),
    rule(
        "markup",
        0.35,
        "pretends to be the system",
        r"(^|\n)\W{0,4}(system|assistant|developer)\s?:\s?(you|ignore|reply|respond|set|send|issue|approve|the customer|refund|close|from now|new)",
        needs="system|assistant|developer",
    ),
]

AUTHORITY = [
    rule(
        "false_authority",
        0.75,
        "claims that the message is an approval",
        r"\b(treat|consider|count|regard|take|accept|interpret) (this|the following|my)( message| mail| e-?mail| text| ticket| note)? as~\b(approv|authori[sz]|permission|consent from|instruction|order from|manager|verified|confirm)",
        needs="treat|consider|count|regard|take|accept|interpret",
    ),
    rule(
        "false_authority",
        0.55,
        "claims an approval that is not there",
        r"\b(already|pre-?|has been|have been|was|is|been) ?(been )?(approved|authori[sz]ed|cleared|verified) by (the |your |our )?(manager|management|admin|administrator|supervisor|system|ceo|head|director|finance|billing|legal)\b~\b(so|just|please|now|no need|therefore|process|issue|send|refund|skip|release)|\bno (further |human |additional )?(approval|review|confirmation|verification) (is )?(needed|required|necessary)\b",
        needs="approved|authori|cleared|verified|approval|review|confirmation|verification",
    ),
    rule(
        "false_authority",
        0.5,
        "claims an inside role",
        r"\b(this is|i am|i'm|here is|speaking:?|from) (the|your|an?|our)( \w+)? ?(it|system|systems|desk|platform|security|support) (administrator|admin|developer|engineer|operator|team)\b~",
        needs="administrator|admin|developer|engineer|operator|team",
        unless=r"\b(at|in|for) (our|my) (company|office|firm|school)|\bthank|\bhave (asked|contacted|tried)",
    ),
    rule(
        "pressure",
        0.35,
        "dresses an order up as a test or a repair",
        r"\bthis is (only |just )?a(n authori[sz]ed)? (security )?test\b|\bfor testing purposes\b|\b(test|testing|training|ci) (pipeline|exercise)\b|\bstrictly for testing\b|\bsystem (malfunction|is experiencing errors)|\bto troubleshoot~\bplease do the following|\bmade a mistake when i gave you your instructions",
        needs="test|training|ci|system|troubleshoot|mistake",
    ),
    rule(
        "no_human",
        0.7,
        "wants people kept out",
        r"\b(never|do not|don't|must not|without|no need to) (hand|pass|forward|escalat|rout|involv|show|ask|inform|tell|notify|wait for)\w*~\b(to |with |for )?(a |any |the |your )?(person|humans?|people|manager|staff|supervisor|reviewer|approval|team ?lead|colleague)\b|\b(skip|bypass|avoid|without) (the |any )?(human|manual|manager'?s?|supervisor'?s?) (review|approval|check|oversight|intervention|confirmation)\b",
        needs="person|human|people|manager|staff|supervisor|reviewer|approval|lead|colleague|manual",
        unless=r"\b(you|they|nobody|no one|he|she) (never|didn't|did not|don't|do not)\b|\bwhy\b|\bbot\b~\bwithout",
    ),
    rule(
        "ticket_control",
        0.55,
        "wants to steer the desk itself",
        r"\b(close|mark|set|flag|label|tag|classify|treat|resolve|consider) (it|this|the|my)( \w+)?( case| ticket| request| message| mail| conversation)? (as|to) (solved|resolved|approved|done|completed?|verified|trusted|safe|vip|p1|urgent and)|\bset (the |its )?(priority|queue|status|category|risk|sentiment|confidence) (to|=|as)\b|\b(auto-?approve|approve automatically|approve (this|your own) (draft|reply|answer|message))",
        needs="solved|resolved|approved|done|complete|verified|trusted|safe|vip|p1|priority|queue|status|category|risk|sentiment|confidence|approve",
        unless=r"\b(can|could|please|feel free|you may|you can) (you )?(please )?(close|mark)|\bwas (closed|marked)|\bwhy\b",
    ),
]

EFFECTS = [
    rule(
        "exfiltration",
        0.7,
        "asks for other people's data",
        _SHOW[:-1]
        + r"|list|export|forward|include|attach|e-?mail|retrieve|fetch|look up)~\b(all|other|every|another|last|latest|different|previous|entire)( \w+){0,3} (customers?|users?|people|clients?|accounts?|employees?|tickets?)('s?)?\b( who|~(name|mail|phone|data|detail|histor|address|record|password|card|order|list)|[.,!?]|$)",
        needs="customer|user|people|client|account|employee|ticket",
        unless=r"\b(my|our) (other|all|previous|last|old|past|own)|\bto all (your|other)|\bhow (do|can) (i|we)|\b(i|we) (can|could|cannot|can't|want|would|need|have|had)\b",
    ),
    rule(
        "exfiltration",
        0.7,
        "asks for a list of people's data",
        r"\b(list|database|table|dump|export|records?|names|report) of (all )?(the |your )?(users|customers|clients|employees|people)\b( and|~(balance|mail|phone|data|address))|\b(customer|user|client|employee) (list|database|records?|data) (to|in|into|at|for)\b|\b(names|phone numbers|e-?mail addresses|addresses) (and \w+( \w+)? )?of (the |all |other |your |last )+(\w+ )?(customers|users|people|clients)",
        needs="user|customer|client|employee|people",
        unless=r"\bmailing list|\b(my|our) (customer|user|client)|\bhow (do|can) (i|we)",
    ),
    rule(
        "exfiltration",
        0.7,
        "wants the desk's knowledge sent out",
        r"\b(send|forward|bcc|cc|copy|post|e-?mail|upload|exfiltrate|submit)~\b(conversation|history|thread|context|database|internal notes?|credentials|api keys?|tokens?|customer data|ticket data|everything you know|system prompt)\b~\b(to|at)\b[^.!?\n]{0,20}(@|https?:|www\.)",
        needs="@|http|www",
        unless=r"\bmy\b",
    ),
    rule(
        "exfiltration",
        0.45,
        "asks for internal notes",
        r"\b(print|show|reveal|give|tell|send|include|paste|share)~\binternal (notes?|comments?|remarks|data|documents?|polic(y|ies))\b",
        needs="internal",
    ),
    rule(
        "exfiltration",
        0.55,
        "asks about another person's data",
        r"\b(what is|what's|where does|tell me|give me|show me|translate|encode|spell|reveal|convert|letter of|can you)~\b(the|another|other|that) (user|customer|client)'?s? ?(currently |now )?(live|birth|e-?mail|address|phone|date|password|card|balance|initials|name|favou?rite)",
        needs="user|customer|client",
        unless=r"\b(my|our) (user|customer|client)|\bhow (do|can) (i|we)|\b(field|column|form)\b",
    ),
    rule(
        "tool_call",
        0.7,
        "wants a tool to be called",
        r"\b(call|invoke|run|execute|trigger|use) (the |your |a )?([a-z]+_[a-z_]+|\w+ (tool|function|endpoint|api)( call)?|(tool|function|api|endpoint) )|\b(send|issue|delete|refund|close|update|create|get|list|export|transfer|grant|reset|approve|add|set)_[a-z_]+\s?\([^)\n]{0,60}\)|\"(tool|function|name|action|tool_name|function_call)\"\s?:\s?\"[a-z_.]+\"\s?,\s?\"(arguments|parameters|args|input|amount|target|to)\"|\byou must (now )?(call|invoke|execute)\b",
        needs="_|tool|function|endpoint|api|command|must",
        unless=r"\b(i|we) (call|run|use|execute|tried|get|see)|\b(error|exception|traceback|stack|log)\b|\bhow (do|can|to)\b|\bwhen (i|we)\b",
    ),
    rule(
        "code",
        0.55,
        "carries active content",
        r"<script\b|\bonerror\s?=|\bonload\s?=|javascript:|<iframe\b|\bdrop table\b|\bunion select\b|;\s?rm -rf\b|!\[[^\]]{0,60}\]\(https?://[^)\s]{0,120}[?&=][^)\s]{0,80}(\{|\[|\$|<|data|prompt|secret|history)",
        needs="<script|onerror|onload|javascript:|<iframe|drop table|union select|rm -rf|![",
    ),
    rule(
        "forced_action",
        0.6,
        "orders money or data to be moved at once",
        r"\b(confirm|issue|grant|process|approve|execute|release|initiate) (the |a |an |this |my )?(full |immediate |instant )?(refund|credit|payout|payment|transfer|deletion)\b~\b(and (answer|reply|respond|say|confirm)|(answer|reply|respond|say) ['\"(]|without (asking|question|check|review|approval|waiting))",
        needs="refund|credit|payout|payment|transfer|deletion",
    ),
]

OUTPUT = [
    rule(
        "output_control",
        0.6,
        "dictates the wording of the reply",
        r"\b(add|include|insert|append|integrate|place|embed|put|mention|tease|suggest|promote)~\b(sentence|statement|paragraph|phrase|word|string|text|headline|reminder|reason|quote|image|announcement|recommendation|slogan|www\.|http|\")(?:[^.!?\n]|\.(?=\w)){0,110}?\b"
        + _INTO,
        needs="reply|response|answer|output",
        unless=r"\b(my|your) (invoice|order|tracking)|\bautomatic (reply|response)",
    ),
    rule(
        "output_control",
        0.6,
        "dictates the wording of the reply",
        r"\bin(clude in)? your (reply|response|answer)( to (the|this) (customer|user))? ?(, ?)?(the following|suggest|tease|promote|recommend|mention|tell (the|them)|advertise|advise|state|include|use|say|claim|do)\b|\bfollowing in your (reply|response|answer)\b",
        needs="in your",
    ),
    rule(
        "output_control",
        0.55,
        "dictates the wording of the reply",
        r"(^|[.!?\n]\s{0,3})(please )?((integrate|augment|incorporate|embed|weave|enrich|infuse|sprinkle|adorn|supplement|pad|inject|highlight|emphasi[sz]e|advertise|promote)\b[^\n]{0,120}?\b(your|the) (reply|response|answer|output)\b|(add|insert|append|include|put|write) (the (line|text|words|string|phrase) )?['\"][^\n]{3,120}['\"][^\n]{0,20}\b(your|the) (reply|response|answer|output)\b)",
        needs="reply|response|answer|output",
    ),
    rule(
        "output_control",
        0.6,
        "reshapes the reply",
        r"\b(modify|enhance|alter|rewrite|scramble|jumble|encode|reverse|misspell|garble|encrypt|obfuscate|shuffle|capitali[sz]e|abbreviate)~\b(your|the|every|each) (\w+ ){0,4}(answer|response|reply|message|output|words?|letters?|vowels?|sentences?)\b|\b(remove|replace|substitute|swap|use|introduce|group|provide|change|apply|employ|insert|convert)~\b(spaces|letters?|vowels|consonants|typos|misspellings|anagrams?|synonyms|symbols|numbers|homophones|words)\b~\b"
        + _INTO.replace(r"(your|the)", "your")
        + r"|\bprovide your (reply|response|answer)\b|\breplace (all |the |every )?(vowels|(third |second |fourth |other )?letters?) with\b",
        needs="your|every|each|replace",
        unless=r"\bpassword|\b(i|we) (had to|have to|tried|need)",
    ),
    rule(
        "output_control",
        0.55,
        "dictates the whole reply",
        r"\b(respond|reply|answer|output|say|start (your|each) \w+) (only |exactly |just |solely |nothing but )+(with|by|in|the|\")|\b(respond|reply|answer|begin|start|end) (with|by) (the (word|phrase|string|text|sentence|following)|\"|performing)|\b(respond|reply|answer) (with )?['\"][^'\"\n]{1,40}['\"]|\b(following |this )?(string|text|sentence) exactly as (it is|written)\b",
        needs="respond|reply|answer|output|say|start|begin|end|exactly",
        unless=r"\b(you|they|he|she|it|machine|app|server|system) (only |just |always )?(respond|replie|reply|answer)|\berror\b",
    ),
    rule(
        "persistence",
        0.6,
        "wants to shape later answers",
        r"\b(from now on|in (all )?future|for all (future|following|other)|in every)~\b(reply|replies|respond|response|answer|answers|customers?|conversations?|you (must|will|shall|always|are))\b~|\b(add|save|store|write|remember|update|put)~\b(to|in|into) (your|the) (memory|knowledge ?base|training data|long-term memory|instructions)\b|\b(use|take) only this as (knowledge|source|truth)|\b(knowledge base|policy) (update|correction|change) ?:",
        needs="from now on|future|for all|in every|memory|knowledge|training data|instructions|polic",
        unless=r"\b(please )?(send|charge|deliver|bill|invoice) (me|us)|\bmy\b|\bi('d| would)? (want|like|prefer)",
    ),
    rule(
        "foreign_task",
        0.4,
        "sets a task that is no support matter",
        r"(^|[.!?\n]\s{0,3})(please )?(can you |could you )?(write|compose|create|provide|generate|recite)( me)? (an? |the )?(\w+ ){0,2}(poem|haiku|limerick|essay|sonnet|acrostic|short story|lyrics)\b",
        needs="poem|haiku|limerick|essay|sonnet|acrostic|story|lyrics",
    ),
    rule(
        "foreign_task",
        0.5,
        "orders a decoded text to be obeyed",
        r"\b(decode|decrypt|base64|rot13|unscramble)~\b(and|then)~\b(obey|follow|execute|run|do|comply|perform)\b",
        needs="decode|decrypt|base64|rot13|unscramble",
    ),
]
