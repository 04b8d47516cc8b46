"""The wire: SQL Server's Tabular Data Stream protocol, TDS 7.2 to 7.4 and TDS 8 (strict encryption).

Everything but ``server`` is free of sockets and clocks. ``packets`` frames messages; ``prelogin``, ``login`` and
``rpc`` read them; ``wiretypes``, ``decoding`` and ``encoding`` translate types and values; ``tokens`` writes replies
and ``sink`` is the result sink that uses them; ``tls`` and ``connection`` make a protocol state machine of it;
``engine`` states what is expected of the engine; ``server`` puts it on asyncio. Source: Microsoft's [MS-TDS].
"""
