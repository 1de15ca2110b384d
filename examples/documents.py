"""Ask a folder of documents: python examples/documents.py [FOLDER [QUESTION]]

`python -m examples.samples` makes the folder that is used when none is named.
"""

import sys
from tempfile import TemporaryDirectory

from quintet import Agent, load_model
from quintet.rag import Library

folder = sys.argv[1] if len(sys.argv) > 1 else "demo/manuals"
question = sys.argv[2] if len(sys.argv) > 2 else "How long does the warranty of the Lumo lamp last?"

with TemporaryDirectory() as place, Library(place) as library:  # a path of your own keeps it for the next time
    print(library.add(folder))
    for passage in library.search(question, k=2):
        print("found:", passage.metadata["source"], passage.metadata.get("page"), repr(passage.page_content[:60]))

    agent = Agent(load_model(), tools=[library.as_tool()])
    answer = agent.ask(question)
    print("Q:", question)
    print("A:", answer.text)
    for citation in answer.citations:
        print("  ", citation.source, "page", citation.page, repr(citation.quote[:60]))
