"""The engine's messages by number: severity and text, values in ``{}`` (source: ``sys.messages`` of SQL Server)."""

MESSAGES: dict[int, tuple[int, str]] = {
    102: (15, "Incorrect syntax near '{}'."),
    105: (15, "Unclosed quotation mark after the character string '{}'."),
    109: (15, "There are more columns in the INSERT statement than values specified in the VALUES clause. "
          "The number of values in the VALUES clause must match the number of columns specified in the INSERT statement."),
    110: (15, "There are fewer columns in the INSERT statement than values specified in the VALUES clause. "
          "The number of values in the VALUES clause must match the number of columns specified in the INSERT statement."),
    113: (15, "Missing end comment mark '*/'."),
    120: (15, "The select list for the INSERT statement contains fewer items than the insert list. "
          "The number of SELECT values must match the number of INSERT columns."),
    121: (15, "The select list for the INSERT statement contains more items than the insert list. "
          "The number of SELECT values must match the number of INSERT columns."),
    134: (15, "The variable name '{}' has already been declared. Variable names must be unique within a query batch or "
          "stored procedure."),
    137: (15, 'Must declare the scalar variable "{}".'),
    1087: (15, 'Must declare the table variable "{}".'),
    156: (15, "Incorrect syntax near the keyword '{}'."),
    191: (15, "Some part of your SQL statement is nested too deeply. Rewrite the query or break it up into smaller "
          "queries."),
    201: (16, "Procedure or function '{}' expects parameter '{}', which was not supplied."),
    207: (16, "Invalid column name '{}'."),
    208: (16, "Invalid object name '{}'."),
    209: (16, "Ambiguous column name '{}'."),
    213: (16, "Column name or number of supplied values does not match table definition."),
    217: (16, "Maximum stored procedure, function, trigger, or view nesting level exceeded (limit {})."),
    220: (16, "Arithmetic overflow error for data type {}, value = {}."),
    241: (16, "Conversion failed when converting date and/or time from character string."),
    245: (16, "Conversion failed when converting the {} value '{}' to data type {}."),
    266: (16, "Transaction count after EXECUTE indicates a mismatching number of BEGIN and COMMIT statements. "
          "Previous count = {}, current count = {}."),
    319: (15, "Incorrect syntax near the keyword 'with'. If this statement is a common table expression, an xmlnamespaces "
          "clause or a change tracking context clause, the previous statement must be terminated with a semicolon."),
    512: (16, "Subquery returned more than 1 value. This is not permitted when the subquery follows =, !=, <, <= , >, >= "
          "or when the subquery is used as an expression."),
    515: (16, "Cannot insert the value NULL into column '{}', table '{}'; column does not allow nulls. {} fails."),
    544: (16, "Cannot insert explicit value for identity column in table '{}' when IDENTITY_INSERT is set to OFF."),
    547: (16, 'The {} statement conflicted with the {} constraint "{}". The conflict occurred in database "{}", '
          'table "{}"{}.'),
    911: (16, "Database '{}' does not exist. Make sure that the name is entered correctly."),
    1205: (13, "Transaction (Process ID {}) was deadlocked on {} resources with another process and has been chosen as the "
           "deadlock victim. Rerun the transaction."),
    1222: (16, "Lock request time out period exceeded."),
    2601: (14, "Cannot insert duplicate key row in object '{}' with unique index '{}'. The duplicate key value is ({})."),
    2627: (14, "Violation of {} constraint '{}'. Cannot insert duplicate key in object '{}'. The duplicate key value is "
           "({})."),
    2714: (16, "There is already an object named '{}' in the database."),
    2715: (16, "Column, parameter, or variable #{}: Cannot find data type {}."),
    2812: (16, "Could not find stored procedure '{}'."),
    3701: (11, "Cannot {} the {} '{}', because it does not exist or you do not have permission."),
    3902: (16, "The COMMIT TRANSACTION request has no corresponding BEGIN TRANSACTION."),
    3903: (16, "The ROLLBACK TRANSACTION request has no corresponding BEGIN TRANSACTION."),
    3930: (16, "The current transaction cannot be committed and cannot support operations that write to the log file. "
           "Roll back the transaction."),
    3998: (16, "Uncommittable transaction is detected at the end of the batch. The transaction is rolled back."),
    4104: (16, 'The multi-part identifier "{}" could not be bound.'),
    8114: (16, "Error converting data type {} to {}."),
    8115: (16, "Arithmetic overflow error converting {} to data type {}."),
    8134: (16, "Divide by zero error encountered."),
    8144: (16, "Procedure or function {} has too many arguments specified."),
    8145: (16, "{} is not a parameter for procedure {}."),
    8152: (16, "String or binary data would be truncated."),
    8162: (16, 'The formal parameter "{}" was not declared as an OUTPUT parameter, but the actual parameter passed in '
           "requested output."),
    8178: (16, "The parameterized query '{}' expects the parameter '{}', which was not supplied."),
    8179: (16, "Could not find prepared statement with handle {}."),
    2628: (16, "String or binary data would be truncated in table '{}', column '{}'. Truncated value: '{}'."),
    18456: (14, "Login failed for user '{}'."),
    103: (15, "The identifier that starts with '{}' is too long. Maximum length is 128."),
    111: (15, "'{}' must be the first statement in a query batch."),
    117: (15, "The {} name '{}' contains more than the maximum number of prefixes. The maximum is {}."),
    132: (15, "The label '{}' has already been declared. Label names must be unique within a query batch or stored procedure."),
    133: (15, "A GOTO statement references the label '{}' but the label has not been declared."),
    135: (15, "Cannot use a BREAK statement outside the scope of a WHILE statement."),
    136: (15, "Cannot use a CONTINUE statement outside the scope of a WHILE statement."),
    155: (15, "'{}' is not a recognized {} option."),
    178: (15, "A RETURN statement with a return value cannot be used in this context."),
    195: (15, "'{}' is not a recognized {}."),
    321: (15, '"{}" is not a recognized table hints option. If it is intended as a parameter to a table-valued function '
          "or to the CHANGETABLE function, ensure that your database compatibility mode is set to 90."),
    1007: (15, "The number '{}' is out of the range for numeric representation (maximum precision 38)."),
    1038: (15, "An object or column name is missing or empty. For SELECT INTO statements, verify each column has a name. "
           "For other statements, look for empty alias names. Aliases defined as \"\" or [] are not allowed. Change the "
           "alias to a valid name."),
    4145: (15, "An expression of non-boolean type specified in a context where a condition is expected, near '{}'."),
    10713: (15, "A MERGE statement must be terminated by a semi-colon (;)."),
    # data types: names, precedence, conversion, arithmetic, collation
    131: (15, "The size ({}) given to the {} '{}' exceeds the maximum allowed for any data type ({})."),
    192: (15, "The scale must be less than or equal to the precision."),
    206: (16, "Operand type clash: {} is incompatible with {}"),
    232: (16, "Arithmetic overflow error for type {}, value = {}."),
    234: (16, "There is insufficient result space to convert a money value to {}."),
    235: (16, "Cannot convert a char value to money. The char value has incorrect syntax."),
    242: (16, "The conversion of a {} data type to a {} data type resulted in an out-of-range value."),
    244: (16, "The conversion of the {} value '{}' overflowed an {} column. Use a larger integer column."),
    248: (16, "The conversion of the {} value '{}' overflowed an int column."),
    257: (16, "Implicit conversion from data type {} to {} is not allowed. Use the CONVERT function to run this query."),
    281: (16, "{} is not a valid style number when converting from {} to a character string."),
    293: (16, "Cannot convert char value to smallmoney. The char value has incorrect syntax."),
    295: (16, "Conversion failed when converting character string to smalldatetime data type."),
    306: (16, "The text, ntext, and image data types cannot be compared or sorted, except when using IS NULL or LIKE "
          "operator."),
    402: (16, "The data types {} and {} are incompatible in the {} operator."),
    448: (16, "Invalid collation '{}'."),
    468: (16, 'Cannot resolve the collation conflict between "{}" and "{}" in the {} operation.'),
    506: (16, 'The invalid escape character "{}" was specified in a {} predicate.'),
    517: (16, "Adding a value to a '{}' column caused an overflow."),
    529: (16, "Explicit conversion from data type {} to {} is not allowed."),
    535: (16, "The {0} function resulted in an overflow. The number of dateparts separating two date/time instances is too "
          "large. Try to use {0} with a less precise datepart."),
    1001: (15, "Line {}: Length or precision specification {} is invalid."),
    1002: (15, "Line {}: Specified scale {} is invalid."),
    2716: (16, "Column, parameter, or variable #{}: Cannot specify a column width on data type {}."),
    2750: (16, "Column or parameter #{}: Specified column precision {} is greater than the maximum precision of {}."),
    8117: (16, "Operand data type {} is invalid for {} operator."),
    8169: (16, "Conversion failed when converting from a character string to uniqueidentifier."),
    8170: (16, "Insufficient result space to convert uniqueidentifier value to char."),
    9809: (16, "The style {} is not supported for conversions from {} to {}."),
    9810: (16, "The datepart {} is not supported by date function {} for data type {}."),
    168: (15, "The floating point value '{}' is out of the range of computer representation (8 bytes)."),
    1018: (15, "Incorrect syntax near '{}'. If this is intended as a part of a table hint, A WITH keyword and parenthesis "
           "are now required. See SQL Server Books Online for proper syntax."),
    # expressions and functions
    116: (16, "Only one expression can be specified in the select list when the subquery is not introduced with EXISTS."),
    130: (16, "Cannot perform an aggregate function on an expression containing an aggregate or a subquery."),
    147: (15, "An aggregate may not appear in the WHERE clause unless it is in a subquery contained in a HAVING clause or a "
          "select list, and the column being aggregated is an outer reference."),
    174: (15, "The {} function requires {} argument(s)."),
    189: (15, "The {} function requires {} to {} arguments."),
    243: (16, "Type {} is not a defined system type."),
    289: (16, "Cannot construct data type {}, some of the arguments have values which are not valid."),
    447: (16, "Expression type {} is invalid for COLLATE clause."),
    536: (16, "Invalid length parameter passed to the {} function."),
    537: (16, "Invalid length parameter passed to the LEFT or SUBSTRING function."),
    2786: (16, "The data type of substitution parameter {} does not match the expected type of the format specification."),
    2787: (16, "Invalid format specification: '{}'."),
    3623: (16, "An invalid floating point operation occurred."),
    4108: (15, "Windowed functions can only appear in the SELECT or ORDER BY clauses."),
    4121: (16, 'Cannot find either column "{}" or the user-defined function or aggregate "{}", or the name is ambiguous.'),
    4127: (16, "At least one of the arguments to COALESCE must be an expression that is not the NULL constant."),
    4151: (16, "The type of the first argument to NULLIF cannot be the NULL constant because the type of the first argument "
           "has to be known."),
    8116: (16, "Argument data type {} is invalid for argument {} of {} function."),
    8120: (16, "Column '{}' is invalid in the select list because it is not contained in either an aggregate function or "
           "the GROUP BY clause."),
    8133: (16, "At least one of the result expressions in a CASE specification must be an expression other than the NULL "
           "constant."),
    9812: (16, "The timezone provided to builtin function {} is invalid."),
    9820: (16, "The time zone parameter '{}' provided to AT TIME ZONE clause is invalid."),
    9828: (16, "The second and third arguments of the TRANSLATE built-in function must contain an equal number of "
           "characters."),
    11726: (16, "Object '{}' is not a sequence object."),
    11728: (16, "The sequence object '{}' has reached its minimum or maximum value. Restart the sequence object to allow new "
            "values to be generated."),
    13607: (16, "JSON path is not properly formatted. Unexpected character '{}' is found at position {}."),
    13608: (16, "Property cannot be found on the specified JSON path."),
    13609: (16, "JSON text is not properly formatted. Unexpected character '{}' is found at position {}."),
    13623: (16, "Scalar value cannot be found in the specified JSON path."),
    13624: (16, "Object or array cannot be found in the specified JSON path."),
}  # fmt: skip
